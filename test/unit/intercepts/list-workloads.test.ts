import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { WorkloadSummary } from '../../../src/contract/index.ts';
import { createError } from '../../../src/errors/index.ts';
import { listWorkloads, readyReplicas } from '../../../src/intercepts/list-workloads.ts';
import { toWorkload } from '../../../src/intercepts/workload.ts';
import { paths, type V1Deployment } from '../../../src/kube/index.ts';
import { ready, startControllers, type Controllers } from '../../support/fake-controllers.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';
import { injectInto } from '../../support/fake-workload.ts';
import { deployment, NAMESPACE, pod, service, servicePort } from '../../support/kube-objects.ts';

const path = paths.deployments(NAMESPACE, 'web');
const { signal } = new AbortController();
let kube: FakeKube;
let controllers: Controllers;

beforeEach(() => {
  kube = createFakeKube();
  controllers = startControllers(kube);
  kube.put(path, deployment('web', { replicas: 2 }));
  kube.put(
    paths.services(NAMESPACE, 'web'),
    service('web', [servicePort(80, 'http', { name: 'http' }), servicePort(53, 53, { protocol: 'UDP' })]),
  );
});

const list = (): Promise<WorkloadSummary[]> => listWorkloads(kube, { namespace: NAMESPACE, signal });
const inject = (): void =>
  void injectInto(kube, toWorkload('Deployment', NAMESPACE, kube.read<V1Deployment>(path)));
const agent = async (): Promise<string | undefined> => (await list())[0]?.agent;

test('a workload comes with its pods, its Services and their ports', async () => {
  assert.deepEqual(await list(), [
    {
      workload: 'deploy/web',
      replicas: { ready: 2, wanted: 2 },
      services: [{ name: 'web', ports: ['80 (http)', '53/UDP'] }],
      agent: 'none',
      interceptedBy: [],
    },
  ]);
});

test('an agent in all pods is ready, in some of them it is on its way', async () => {
  controllers.isPaused = true;
  inject();
  assert.equal(await agent(), 'rolling');
  controllers.isPaused = false;
  kube.put(paths.pods(NAMESPACE, 'wakes-controllers'), pod('wakes-controllers', { status: ready }));
  assert.equal(await agent(), 'ready');
});

test('without a right to list pods the counters have to do', async () => {
  inject();
  kube.refuse(/LIST .*pods/, () => createError('KUBE_FORBIDDEN', { action: 'list pods', missing: [] }));
  assert.equal(await agent(), 'ready');
});

test('readyReplicas() reads what each kind counts', () => {
  const status = {
    currentNumberScheduled: 2,
    desiredNumberScheduled: 2,
    numberMisscheduled: 0,
    numberReady: 1,
  };
  assert.equal(readyReplicas(toWorkload('DaemonSet', NAMESPACE, { status })), 1);
  assert.equal(
    readyReplicas(toWorkload('StatefulSet', NAMESPACE, { status: { replicas: 3, readyReplicas: 2 } })),
    2,
  );
  assert.equal(readyReplicas(toWorkload('ReplicaSet', NAMESPACE, {})), 0);
  assert.equal(readyReplicas(toWorkload('Pod', NAMESPACE, pod('lone', { status: ready }))), 1);
});
