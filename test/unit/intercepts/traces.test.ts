import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import {
  AGENT_CONTAINER,
  AUTHORITY_SECRET,
  GATEWAY,
  MANAGED_BY,
  type Trace,
} from '../../../src/contract/index.ts';
import { nullLogger } from '../../../src/core/index.ts';
import { findTraces } from '../../../src/intercepts/traces.ts';
import { toWorkload } from '../../../src/intercepts/workload.ts';
import { paths, type V1Deployment } from '../../../src/kube/index.ts';
import { startControllers } from '../../support/fake-controllers.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';
import { injectInto, switchToAgent } from '../../support/fake-workload.ts';
import { container, deployment, NAMESPACE, pod, service, servicePort } from '../../support/kube-objects.ts';

describe('findTraces()', () => {
  let kube: FakeKube;

  beforeEach(() => {
    kube = createFakeKube();
    startControllers(kube);
    for (const name of ['web', 'orders', 'plain']) {
      const path = paths.deployments(NAMESPACE, name);
      kube.put(path, deployment(name));
      if (name !== 'plain')
        injectInto(kube, toWorkload('Deployment', NAMESPACE, kube.read<V1Deployment>(path)));
    }
    kube.put(paths.services(NAMESPACE, 'web'), service('web', [servicePort(80, 8080)]));
    switchToAgent(kube, 'web', 'deploy/web');
    kube.put(paths.secrets(NAMESPACE, AUTHORITY_SECRET), {
      metadata: { name: AUTHORITY_SECRET, labels: MANAGED_BY },
    });
    kube.writes.length = 0;
  });

  function find(use: [string, string[]][] = []): Promise<Trace[]> {
    return findTraces(kube, {
      namespace: NAMESPACE,
      use: new Map(use),
      logger: nullLogger,
      signal: new AbortController().signal,
    });
  }
  const objects = async (): Promise<string[]> => (await find()).map(({ object }) => object).sort();

  test('lists workloads, Services and what all share, and changes nothing', async () => {
    assert.deepEqual(await objects(), ['deploy/orders', 'deploy/web', 'secret/tp-ca', 'svc/web']);
    assert.deepEqual(kube.writes, []);
  });

  test('a Service is used by those who use its workload, the certificates by everybody', async () => {
    const traces = await find([
      ['deploy/web', ['ada@laptop']],
      ['pod/tp-gateway', ['bob@desk']],
    ]);
    const usedBy = Object.fromEntries(traces.map((trace) => [trace.object, trace.usedBy]));
    assert.deepEqual(usedBy, {
      'deploy/orders': [],
      'deploy/web': ['ada@laptop'],
      'svc/web': ['ada@laptop'],
      'secret/tp-ca': ['ada@laptop', 'bob@desk'],
    });
  });

  test('what the gateway left is found without it; what is not ours, or on its way out, is not', async () => {
    const role = { metadata: { name: GATEWAY, labels: MANAGED_BY } };
    kube.put(paths.roles(NAMESPACE, GATEWAY), role);
    kube.put(paths.serviceAccounts(NAMESPACE, GATEWAY), { metadata: { name: GATEWAY } });
    kube.put(paths.roleBindings(NAMESPACE, GATEWAY), {
      metadata: { ...role.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    });
    const found = await objects();
    assert.ok(found.includes('role/tp-gateway'));
    assert.ok(!found.includes('serviceaccount/tp-gateway') && !found.includes('rolebinding/tp-gateway'));
  });

  test('a workload whose pods with agents are all on their way out is not found', async () => {
    kube.put(paths.deployments(NAMESPACE, 'orders'), deployment('orders'));
    const leaving = pod('orders-1-x', {
      owner: { kind: 'Deployment', name: 'orders' },
      containers: [container('app'), container(AGENT_CONTAINER)],
    });
    const path = paths.pods(NAMESPACE, 'orders-1-x');
    kube.put(path, leaving);
    assert.ok((await objects()).includes('deploy/orders'));
    kube.put(path, {
      ...leaving,
      metadata: { ...leaving.metadata, deletionTimestamp: new Date(0) },
    });
    assert.ok(!(await objects()).includes('deploy/orders'));
  });
});
