import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isToolError, type ErrorCode } from '../../../src/errors/index.ts';
import type { KubeClient } from '../../../src/kube/index.ts';
import { findTarget, resolveTarget, type Target } from '../../../src/intercepts/resolve-target.ts';
import { parseTargetName } from '../../../src/intercepts/target-name.ts';
import type { Inventory } from '../../../src/intercepts/inventory.ts';
import { toWorkload } from '../../../src/intercepts/workload.ts';
import {
  deployment,
  inventory,
  NAMESPACE,
  ownerReference,
  pod,
  service,
  servicePort,
  type DeploymentOptions,
} from '../../support/kube-objects.ts';

const deploy = (name: string, options?: DeploymentOptions): ReturnType<typeof toWorkload> =>
  toWorkload('Deployment', NAMESPACE, deployment(name, options));
const web = deploy('web');
const webService = service('web', [servicePort(80, 'http')]);
const sts = (name: string): ReturnType<typeof toWorkload> =>
  toWorkload('StatefulSet', NAMESPACE, deployment(name));

function find(name: string, parts: Partial<Inventory>): Target {
  return findTarget(inventory(parts), parseTargetName(name));
}

function assertRaises(code: ErrorCode, pattern: RegExp, name: string, parts: Partial<Inventory>): void {
  assert.throws(
    () => find(name, parts),
    (error) => {
      assert.ok(isToolError(error, code), String(error));
      assert.match(error.message, pattern);
      return true;
    },
  );
}

test('a Service and its only workload with the same name mean the same', () => {
  const target = find('web', { workloads: [web], services: [webService] });
  assert.equal(target.label, 'svc/web');
  assert.equal(target.workload, web);
  assert.equal(target.service, webService);
});

test('a Service leads to a workload with another name', () => {
  const backend = deploy('backend', { labels: { app: 'web' } });
  assert.equal(find('web', { workloads: [backend], services: [webService] }).workload, backend);
});

test('the kind decides between a Service and a workload', () => {
  const parts = { workloads: [web], services: [webService] };
  assert.equal(find('deploy/web', parts).label, 'deploy/web');
  assert.equal(find('deploy/web', parts).service, undefined);
  assert.equal(find('svc/web', parts).label, 'svc/web');
});

test('a workload knows every Service that sends to it, and who else gets their traffic', () => {
  const canary = deploy('canary', { labels: { app: 'web' } });
  const target = find('deploy/web', {
    workloads: [web, canary],
    services: [webService, service('orders', [])],
  });
  assert.deepEqual(target.services, [{ service: webService, others: ['deploy/canary'] }]);
});

test('a name of a Service and of a workload that it does not select is ambiguous', () => {
  const elsewhere = service('web', [], { selector: { app: 'other' } });
  const parts = { workloads: [web, deploy('other')], services: [elsewhere] };
  assertRaises('TARGET_AMBIGUOUS', /svc\/web, deploy\/web$/, 'web', parts);
});

test('a name of two workloads is ambiguous', () => {
  assertRaises('TARGET_AMBIGUOUS', /deploy\/web, sts\/web$/, 'web', { workloads: [web, sts('web')] });
});

test('a Service with several workloads is ambiguous', () => {
  const canary = deploy('canary', { labels: { app: 'web' } });
  const parts = { workloads: [web, canary], services: [webService] };
  assertRaises('TARGET_AMBIGUOUS', /"svc\/web" can mean deploy\/web, deploy\/canary/, 'svc/web', parts);
});

test('of several workloads behind a Service the only one with replicas is meant', () => {
  const green = deploy('green', { labels: { app: 'web' }, replicas: 0 });
  assert.equal(find('svc/web', { workloads: [green, web], services: [webService] }).workload, web);
});

test('a Service without selector has no workload', () => {
  const manual = service('manual', [], { selector: {} });
  assertRaises('TARGET_WITHOUT_WORKLOAD', /no selector/, 'manual', { services: [manual] });
});

test('an ExternalName Service has no workload', () => {
  const external = {
    metadata: { name: 'db' },
    spec: { type: 'ExternalName', externalName: 'db.example.org' },
  };
  assertRaises('TARGET_WITHOUT_WORKLOAD', /another name for db\.example\.org/, 'db', {
    services: [external],
  });
});

test('a Service whose pods belong to another kind says which', () => {
  const rollout = pod('web-x', { labels: { app: 'web' }, owner: { kind: 'Rollout', name: 'web' } });
  assertRaises('TARGET_WITHOUT_WORKLOAD', /belong to Rollout\/web/, 'web', {
    services: [webService],
    pods: [rollout],
  });
});

test('a Service that selects nothing says so, and what could not be looked at', () => {
  const parts = { services: [webService], hidden: ['daemonsets'] };
  assertRaises(
    'TARGET_WITHOUT_WORKLOAD',
    /app=web \(without daemonsets, which you may not list\)/,
    'web',
    parts,
  );
});

test('an unknown name comes with similar ones and what could not be looked at', () => {
  const parts = { workloads: [web], services: [webService], hidden: ['pods'] };
  assertRaises('TARGET_NOT_FOUND', /there is svc\/web, deploy\/web; not looked at are pods/, 'wep', parts);
});

test('a Pod or ReplicaSet that somebody made is refused with its owner', () => {
  const replicaSet = {
    metadata: { name: 'web-1', ownerReferences: [ownerReference({ kind: 'Deployment', name: 'web' })] },
  };
  const owned = pod('web-1-x', { owner: { kind: 'ReplicaSet', name: 'web-1' } });
  const parts = { workloads: [web], pods: [owned], replicaSets: [replicaSet] };
  assertRaises('TARGET_UNSUPPORTED', /pod\/web-1-x: it belongs to deploy\/web/, 'pod/web-1-x', parts);
  assertRaises('TARGET_UNSUPPORTED', /rs\/web-1: it belongs to deploy\/web/, 'rs/web-1', parts);
});

test('resolveTarget() reads the namespace', async () => {
  const kube: Pick<KubeClient, 'list' | 'find'> = {
    list: () => Promise.resolve({ items: [], resourceVersion: '1' }),
    find: () => Promise.resolve({} as never),
  };
  const { signal } = new AbortController();
  await assert.rejects(resolveTarget(kube, { namespace: NAMESPACE, name: 'web', signal }), (error) =>
    isToolError(error, 'TARGET_NOT_FOUND'),
  );
});
