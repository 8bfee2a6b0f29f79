import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isActive, isReady, judgePod, oneLine, type PodFailure } from '../../../src/intercepts/pod-state.ts';
import type { CoreV1Event, V1ContainerStatus, V1Pod } from '../../../src/kube/index.ts';
import { pod } from '../../support/kube-objects.ts';

function status(
  name: string,
  state: V1ContainerStatus['state'],
  more: Partial<V1ContainerStatus> = {},
): V1ContainerStatus {
  return {
    name,
    image: '',
    imageID: '',
    ready: false,
    restartCount: 0,
    ...(state === undefined ? {} : { state }),
    ...more,
  };
}

function withStatus(podStatus: V1Pod['status']): V1Pod {
  return pod('web-1', { status: podStatus });
}

function waiting(name: string, reason: string, message = '', more: Partial<V1ContainerStatus> = {}): V1Pod {
  return withStatus({
    phase: 'Pending',
    containerStatuses: [status(name, { waiting: { reason, message } }, more)],
  });
}

const event = (reason: string, message: string, lastTimestamp: string): CoreV1Event => ({
  metadata: {},
  involvedObject: {},
  type: 'Warning',
  reason,
  message,
  lastTimestamp,
});

test('a pod with the condition Ready is ready', () => {
  const ready = withStatus({ conditions: [{ type: 'Ready', status: 'True' }] });
  assert.deepEqual(judgePod(ready), { isReady: true, waitsFor: '' });
  assert.equal(isReady(withStatus({ conditions: [{ type: 'Ready', status: 'False' }] })), false);
});

test('pods that end or have ended do not count', () => {
  assert.equal(isActive(pod('a')), true);
  assert.equal(isActive(pod('a', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })), false);
  assert.equal(isActive(withStatus({ phase: 'Failed' })), false);
});

const failures: [string, V1Pod, PodFailure['kind'], RegExp][] = [
  [
    'an image that does not exist',
    waiting('tp-agent', 'ErrImagePull', 'not found'),
    'agent-image',
    /^container tp-agent: ErrImagePull \(not found\)$/,
  ],
  [
    'a redirect whose image does not exist',
    waiting('tp-redirect', 'ImagePullBackOff'),
    'agent-image',
    /tp-redirect/,
  ],
  [
    'a crashing agent',
    waiting('tp-agent', 'CrashLoopBackOff', 'back-off 10s', {
      lastState: { terminated: { exitCode: 3, reason: 'Error', message: 'first\nno certificate\n' } },
    }),
    'agent',
    /CrashLoopBackOff \(exit code 3: no certificate\)/,
  ],
  [
    'an agent out of memory',
    withStatus({
      containerStatuses: [status('tp-agent', { terminated: { exitCode: 137, reason: 'OOMKilled' } })],
    }),
    'agent',
    /ended \(OOMKilled\)/,
  ],
  [
    'a redirect that failed',
    withStatus({
      initContainerStatuses: [
        status('tp-redirect', { terminated: { exitCode: 1, reason: 'Error', message: 'nft: denied' } }),
      ],
    }),
    'agent',
    /tp-redirect: ended \(exit code 1: nft: denied\)/,
  ],
  [
    'a configuration that is missing',
    waiting('tp-agent', 'CreateContainerConfigError', 'secret "x" not found'),
    'agent',
    /secret "x" not found/,
  ],
  [
    'a crashing application',
    waiting('web', 'CrashLoopBackOff', 'back-off'),
    'app',
    /container web: CrashLoopBackOff/,
  ],
  [
    'an image of the application that does not come',
    waiting('web', 'ImagePullBackOff', 'gone'),
    'app',
    /container web/,
  ],
];
for (const [what, failing, kind, reason] of failures)
  test(`judgePod() recognises ${what}`, () => {
    const { failure, waitsFor } = judgePod(failing);
    assert.equal(failure?.kind, kind);
    assert.match(failure.reason, reason);
    assert.equal(waitsFor, failure.reason);
  });

test('of several problems the one of the agent is told', () => {
  const both = withStatus({
    containerStatuses: [
      status('web', { waiting: { reason: 'CrashLoopBackOff' } }),
      status('tp-agent', { waiting: { reason: 'ErrImagePull' } }),
    ],
  });
  assert.equal(judgePod(both).failure?.kind, 'agent-image');
});

const waits: [string, V1Pod, CoreV1Event[], RegExp][] = [
  ['a node', withStatus({ phase: 'Pending' }), [], /^a node$/],
  [
    'a node that nobody is',
    withStatus({
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: '0/3 nodes are available',
        },
      ],
    }),
    [],
    /no node takes it \(0\/3 nodes are available\)/,
  ],
  ['its start', withStatus({ conditions: [{ type: 'PodScheduled', status: 'True' }] }), [], /^its start$/],
  [
    'its containers, with the latest warning',
    waiting('web', 'ContainerCreating'),
    [
      event('FailedMount', 'secret "b" not found', '2026-01-01T00:00:02Z'),
      event('FailedMount', 'secret "a" not found', '2026-01-01T00:00:01Z'),
    ],
    /^ContainerCreating \(FailedMount: secret "b" not found\)$/,
  ],
  ['the first try of the application image', waiting('web', 'ErrImagePull'), [], /^ErrImagePull$/],
  [
    'an init container',
    withStatus({ initContainerStatuses: [status('setup', { running: {} })] }),
    [],
    /^init container setup$/,
  ],
  [
    'readiness, with what the probe says',
    withStatus({ containerStatuses: [status('web', { running: {} })] }),
    [
      event('Unhealthy', 'connection refused', '2026-01-01T00:00:01Z'),
      event('FailedMount', 'long over', '2026-01-01T00:00:02Z'),
    ],
    /^readiness of web \(Unhealthy: connection refused\)$/,
  ],
];
for (const [what, waitingPod, events, text] of waits)
  test(`judgePod() says that a pod waits for ${what}`, () => {
    const state = judgePod(waitingPod, events);
    assert.equal(state.failure, undefined);
    assert.match(state.waitsFor, text);
  });

test('oneLine() unwraps and shortens messages', () => {
  assert.equal(oneLine('rpc error: code = Unknown desc = a\n  b'), 'a b');
  assert.equal(oneLine('x'.repeat(500)).length, 301);
});
