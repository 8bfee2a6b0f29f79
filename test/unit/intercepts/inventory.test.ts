import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createError, isToolError } from '../../../src/errors/index.ts';
import type { KubeClient } from '../../../src/kube/index.ts';
import {
  othersBehind,
  readInventory,
  rootOwner,
  servicesOf,
  workloadsOf,
} from '../../../src/intercepts/inventory.ts';
import { toWorkload } from '../../../src/intercepts/workload.ts';
import {
  deployment,
  inventory,
  NAMESPACE,
  ownerReference,
  pod,
  service,
  servicePort,
} from '../../support/kube-objects.ts';

const signal = new AbortController().signal;

/** Answers lists from a table of resources; a resource that is not in it is forbidden. */
function lister(tables: Record<string, object[]>): Pick<KubeClient, 'list' | 'find'> {
  return {
    find: () => Promise.resolve(undefined),
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- KubeClient.list() has it
    list<T>(path: string): Promise<{ items: T[]; resourceVersion: string }> {
      const resource = path.split('/').at(-1) ?? '';
      const items = tables[resource];
      if (items !== undefined) return Promise.resolve({ items: items as T[], resourceVersion: '1' });
      const missing = [{ verb: 'list', resource, namespace: NAMESPACE }];
      return Promise.reject(createError('KUBE_FORBIDDEN', { action: `list ${resource}`, missing }));
    },
  };
}

const replicaSet = {
  metadata: { name: 'web-1', ownerReferences: [ownerReference({ kind: 'Deployment', name: 'web' })] },
};
const webPod = pod('web-1-x', { labels: { app: 'web' }, owner: { kind: 'ReplicaSet', name: 'web-1' } });

test('readInventory() leaves out what other objects made, finished pods and the gateway', async () => {
  const kube = lister({
    services: [service('web', [servicePort(80, 'http')])],
    deployments: [deployment('web')],
    statefulsets: [],
    daemonsets: [],
    replicasets: [replicaSet, { metadata: { name: 'own' }, spec: { selector: {} } }],
    pods: [webPod, pod('lone'), pod('done', { status: { phase: 'Succeeded' } }), pod('tp-gateway')],
  });
  const found = await readInventory(kube, NAMESPACE, { signal });
  assert.deepEqual(
    found.workloads.map(({ label }) => label),
    ['deploy/web', 'rs/own', 'pod/lone'],
  );
  assert.equal(found.pods.length, 4);
  assert.deepEqual(found.hidden, []);
});

test('readInventory() names the kinds that may not be listed', async () => {
  const found = await readInventory(
    lister({ services: [], deployments: [deployment('web')], pods: [] }),
    NAMESPACE,
    { signal },
  );
  assert.deepEqual(found.hidden, ['statefulsets', 'daemonsets', 'replicasets']);
  assert.equal(found.workloads.length, 1);
});

test('readInventory() fails when no kind of workload may be listed, naming each right', async () => {
  await assert.rejects(
    readInventory(lister({ services: [] }), NAMESPACE, { signal }),
    (error) => isToolError(error, 'KUBE_FORBIDDEN') && /list deployments.*list pods/.test(error.message),
  );
});

test('readInventory() tells an empty namespace from one that does not exist', async () => {
  const empty = lister({ services: [], deployments: [], pods: [] });
  await assert.rejects(readInventory(empty, NAMESPACE, { signal }), (error) =>
    isToolError(error, 'NAMESPACE_NOT_FOUND'),
  );
  const forbidden = createError('KUBE_FORBIDDEN', { action: 'get namespaces', missing: [] });
  const unknown = { ...empty, find: () => Promise.reject(forbidden) };
  assert.deepEqual((await readInventory(unknown, NAMESPACE, { signal })).workloads, []);
});

test('readInventory() fails when services may not be listed', async () => {
  await assert.rejects(
    readInventory(lister({ deployments: [] }), NAMESPACE, { signal }),
    (error) => isToolError(error, 'KUBE_FORBIDDEN') && error.message.includes('list services'),
  );
});

test('Services and workloads find each other by selector and template labels', () => {
  const workload = toWorkload(
    'Deployment',
    NAMESPACE,
    deployment('web', { labels: { app: 'web', tier: 'front' } }),
  );
  const all = inventory({
    workloads: [workload, toWorkload('Deployment', NAMESPACE, deployment('orders'))],
    services: [
      service('web', []),
      service('front', [], { selector: { tier: 'front' } }),
      service('orders', []),
    ],
  });
  assert.deepEqual(
    servicesOf(all, workload).map(({ metadata }) => metadata?.name),
    ['web', 'front'],
  );
  assert.deepEqual(workloadsOf(all, service('front', [], { selector: { tier: 'front' } })), [workload]);
});

test('othersBehind() names workloads with pods and owners that tp does not know', () => {
  const workload = toWorkload('Deployment', NAMESPACE, deployment('web'));
  const canary = deployment('web-canary', { labels: { app: 'web' } });
  const asleep = deployment('web-old', { labels: { app: 'web' }, replicas: 0 });
  const all = inventory({
    workloads: [
      workload,
      toWorkload('Deployment', NAMESPACE, canary),
      toWorkload('Deployment', NAMESPACE, asleep),
    ],
    replicaSets: [replicaSet],
    pods: [webPod, pod('r-1', { labels: { app: 'web' }, owner: { kind: 'Rollout', name: 'web' } })],
  });
  assert.deepEqual(othersBehind(all, service('web', []), workload), ['deploy/web-canary', 'Rollout/web']);
});

test('rootOwner() follows controllers up to the last', () => {
  const all = inventory({ replicaSets: [replicaSet] });
  assert.equal(rootOwner(all, webPod.metadata), 'deploy/web');
  assert.equal(rootOwner(all, pod('x', { owner: { kind: 'ReplicaSet', name: 'gone' } }).metadata), 'rs/gone');
  assert.equal(rootOwner(all, pod('x').metadata), undefined);
});

test('rootOwner() knows the Deployment of a ReplicaSet that may not be listed', () => {
  const owner = { kind: 'ReplicaSet', name: 'web-69bbb88d9b' };
  const labels = { app: 'web', 'pod-template-hash': '69bbb88d9b' };
  const hidden = inventory({ hidden: ['replicasets'] });
  assert.equal(rootOwner(hidden, pod('x', { owner, labels }).metadata), 'deploy/web');
  assert.equal(rootOwner(hidden, pod('x', { owner }).metadata), 'rs/web-69bbb88d9b');
});
