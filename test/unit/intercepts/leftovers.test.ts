import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AGENT_CONTAINER, INJECTION_ANNOTATION, SERVICE_ANNOTATION } from '../../../src/contract/index.ts';
import { findLeftovers, leftoversOf } from '../../../src/intercepts/leftovers.ts';
import { toWorkload } from '../../../src/intercepts/workload.ts';
import {
  container,
  deployment,
  inventory,
  NAMESPACE,
  ownerReference,
  pod,
  service,
} from '../../support/kube-objects.ts';

const plain = toWorkload('Deployment', NAMESPACE, deployment('plain'));
const injected = toWorkload(
  'Deployment',
  NAMESPACE,
  deployment('injected', { containers: [container('app'), container(AGENT_CONTAINER)] }),
);
const partly = toWorkload(
  'Deployment',
  NAMESPACE,
  deployment('partly', { annotations: { [INJECTION_ANNOTATION]: '{"version":1,"revision":"x"}' } }),
);
const agentPod = pod('plain-1-x', {
  owner: { kind: 'ReplicaSet', name: 'plain-1' },
  containers: [container('app'), container(AGENT_CONTAINER)],
});
const replicaSet = {
  metadata: { name: 'plain-1', ownerReferences: [ownerReference({ kind: 'Deployment', name: 'plain' })] },
};
const switched = service('web', [], {
  metadata: {
    annotations: { [SERVICE_ANNOTATION]: '{"version":1,"workload":"deploy/injected","ports":[]}' },
  },
});

const labels = (all: Parameters<typeof findLeftovers>[0]): string[] =>
  findLeftovers(all).workloads.map(({ label }) => label);

test('templates with an agent, or with a part of one, are found', () => {
  assert.deepEqual(labels(inventory({ workloads: [plain, injected, partly] })), [
    'deploy/injected',
    'deploy/partly',
  ]);
});

test('a workload whose pods still carry an agent is found', () => {
  assert.deepEqual(labels(inventory({ workloads: [plain], pods: [agentPod], replicaSets: [replicaSet] })), [
    'deploy/plain',
  ]);
});

test('switched Services are found, of one workload or all', () => {
  const all = inventory({ workloads: [plain, injected], services: [switched, service('other', [])] });
  assert.deepEqual(findLeftovers(all).services, [switched]);
  assert.deepEqual(leftoversOf(all, injected), { workloads: [injected], services: [switched] });
  assert.deepEqual(leftoversOf(all, plain), { workloads: [], services: [] });
});
