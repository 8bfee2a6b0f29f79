import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createError } from '../../../src/errors/index.ts';
import { createDeadline } from '../../../src/intercepts/deadline.ts';
import { awaitRollout, type RolloutOutcome } from '../../../src/intercepts/rollout.ts';
import { toWorkload, type Workload } from '../../../src/intercepts/workload.ts';
import { paths, type V1Deployment, type V1Pod, type V1ReplicaSet } from '../../../src/kube/index.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { startControllers, type Controllers } from '../../support/fake-controllers.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';
import { injectInto } from '../../support/fake-workload.ts';
import { deployment, NAMESPACE } from '../../support/kube-objects.ts';
import { settled } from '../../support/settle.ts';

const path = paths.deployments(NAMESPACE, 'web');
let kube: FakeKube;
let controllers: Controllers;
let clock: FakeClock;
let messages: string[];

beforeEach(() => {
  kube = createFakeKube();
  controllers = startControllers(kube);
  clock = createFakeClock();
  messages = [];
});

function wait(workload?: Workload, timeoutMs = 60_000): Promise<RolloutOutcome> {
  const work = awaitRollout(kube, {
    workload: workload ?? toWorkload('Deployment', NAMESPACE, kube.read<V1Deployment>(path)),
    goal: { kind: 'none' },
    deadline: createDeadline(clock, timeoutMs),
    clock,
    signal: new AbortController().signal,
    onProgress: ({ message }) => messages.push(message),
  });
  return settled(clock, work);
}

test('a rollout that is complete is not waited for', async () => {
  kube.put(path, deployment('web'));
  assert.equal((await wait()).kind, 'done');
  assert.deepEqual(messages, []);
});

test('the same state is told again every five seconds, with the time', async () => {
  controllers.startPod = (): V1Pod['status'] => ({ phase: 'Pending' });
  kube.put(path, deployment('web'));
  const outcome = await wait(undefined, 12_000);
  assert.equal(outcome.kind, 'timeout');
  assert.deepEqual(
    messages.map((message) => /\((\d+) s\)$/.exec(message)?.[1]),
    ['0', '5', '10'],
  );
});

test('pods that are refused for a while are a failure', async () => {
  kube.put(path, deployment('web', { replicas: 2 }));
  controllers.isPaused = true;
  const [replicaSet] = kube.all<V1ReplicaSet>(paths.replicaSets(NAMESPACE));
  const conditions = [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota: small' }];
  kube.put(paths.replicaSets(NAMESPACE, 'web-1'), { ...replicaSet, status: { replicas: 1, conditions } });
  kube.drop(paths.pods(NAMESPACE, 'web-1-0'));
  const outcome = await wait();
  assert.ok(outcome.kind === 'failed');
  assert.match(outcome.failure.reason, /pods are refused: exceeded quota: small/);
  assert.equal(clock.monotonicMs() < 30_000, true);
});

test('events that may not be watched are done without', async () => {
  kube.put(path, deployment('web'));
  kube.refuse(/WATCH .*events/, () => createError('KUBE_FORBIDDEN', { action: 'watch events', missing: [] }));
  assert.equal((await wait()).kind, 'done');
});

for (const [minor, apiVersion] of [
  [21, 'policy/v1beta1'],
  [22, 'policy/v1'],
] as const)
  test(`pods are evicted by ${apiVersion} on Kubernetes 1.${minor}`, async () => {
    kube = createFakeKube({ minor });
    startControllers(kube);
    const { spec, metadata } = deployment('relic');
    const relic = paths.replicaSets(NAMESPACE, 'relic');
    kube.put(relic, { kind: 'ReplicaSet', metadata, spec });
    injectInto(kube, toWorkload('ReplicaSet', NAMESPACE, kube.read<V1ReplicaSet>(relic)));
    kube.drop(paths.pods(NAMESPACE, 'relic-0'));
    kube.put(relic, { kind: 'ReplicaSet', metadata, spec });
    const bodies: unknown[] = [];
    const { create } = kube;
    kube.create = (target, body, options) => {
      bodies.push((body as { apiVersion?: string }).apiVersion);
      return create(target, body, options);
    };
    const workload = toWorkload('ReplicaSet', NAMESPACE, kube.read<V1ReplicaSet>(relic));
    assert.equal((await wait(workload)).kind, 'done');
    assert.deepEqual(bodies, [apiVersion]);
  });
