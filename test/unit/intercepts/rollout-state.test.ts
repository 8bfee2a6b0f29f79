import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AGENT_CONTAINER, type TakenPort } from '../../../src/contract/index.ts';
import { buildPieces } from '../../../src/intercepts/agent-pieces.ts';
import { applyPatch } from '../../../src/intercepts/json-patch.ts';
import {
  judgeRollout,
  ownPods,
  type RolloutObjects,
  type RolloutState,
} from '../../../src/intercepts/rollout-state.ts';
import { planTemplateChange } from '../../../src/intercepts/template-change.ts';
import {
  templateOf,
  toWorkload,
  type Workload,
  type WorkloadObject,
} from '../../../src/intercepts/workload.ts';
import type { CoreV1Event, V1Deployment, V1Pod, V1ReplicaSet } from '../../../src/kube/index.ts';
import { deployment, NAMESPACE, ownerReference, pod, type PodOptions } from '../../support/kube-objects.ts';

const ports: TakenPort[] = [
  {
    protocol: 'TCP',
    listenPort: 19810,
    appPort: 8080,
    appContainer: 'app',
    portName: 'http',
    redirect: 'port-name',
  },
];
const goal = { kind: 'agent', ports } as const;
const readyStatus: V1Pod['status'] = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };

function inject(object: V1Deployment, image = 'agent:1'): V1Deployment {
  const workload = toWorkload('Deployment', NAMESPACE, object);
  const pieces = buildPieces({ workload: workload.label, template: templateOf(workload), ports, image });
  return applyPatch(object, planTemplateChange(workload, pieces));
}

const injected: V1Deployment = {
  ...inject(deployment('web', { replicas: 2 })),
  status: { observedGeneration: 1, availableReplicas: 2 },
};
const web = (object: WorkloadObject = injected): Workload =>
  toWorkload('Deployment', NAMESPACE, { ...object, metadata: { ...object.metadata, generation: 1 } });
const replicaSet: V1ReplicaSet = {
  metadata: {
    name: 'web-2',
    uid: 'uid-web-2',
    ownerReferences: [ownerReference({ kind: 'Deployment', name: 'web' })],
  },
};

/** A pod of the ReplicaSet, from the template of `object`. */
function podFrom(name: string, object: V1Deployment, more: PodOptions = {}): V1Pod {
  const { metadata, spec } = object.spec?.template ?? {};
  return pod(name, {
    owner: { kind: 'ReplicaSet', name: 'web-2' },
    containers: spec?.containers ?? [],
    status: readyStatus,
    ...more,
    metadata: {
      ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ...more.metadata,
    },
  });
}

function judge(parts: Partial<RolloutObjects>): RolloutState {
  return judgeRollout({ workload: web(), replicaSets: [replicaSet], pods: [], events: [], ...parts }, goal);
}

function assertWaits(state: RolloutState, text: RegExp): Extract<RolloutState, { kind: 'waiting' }> {
  assert.ok(state.kind === 'waiting', state.kind);
  assert.match(state.text, text);
  return state;
}

function assertFails(state: RolloutState, kind: string, reason: RegExp): void {
  assert.ok(state.kind === 'failed', state.kind);
  assert.equal(state.failure.kind, kind);
  assert.match(state.failure.reason, reason);
}

const both = [podFrom('a', injected), podFrom('b', injected)];

test('done when every pod has the agent of the template and is ready', () => {
  const state = judge({ pods: both });
  assert.ok(state.kind === 'done');
  assert.deepEqual(
    state.pods.map(({ metadata }) => metadata?.name),
    ['a', 'b'],
  );
});

test('counters of an earlier template do not count', () => {
  const stale = { ...injected, status: { observedGeneration: 0, availableReplicas: 2 } };
  assertWaits(judge({ workload: web(stale), pods: both }), /not yet taken the change up/);
});

test('minReadySeconds are waited for', () => {
  const early = { ...injected, status: { observedGeneration: 1, availableReplicas: 1 } };
  assertWaits(judge({ workload: web(early), pods: both }), /2 of 2 pods have the agent/);
});

test('an old pod that still serves is waited for, one that ends is not', () => {
  const old = podFrom('old', deployment('web'));
  assertWaits(judge({ pods: [...both, old] }), /2 of 2/);
  const ending = podFrom('old', deployment('web'), {
    metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
  });
  assert.equal(judge({ pods: [...both, ending] }).kind, 'done');
});

test('pods with an earlier agent are not current', () => {
  const earlier = inject(deployment('web', { replicas: 2 }), 'agent:0');
  assertWaits(
    judge({ pods: [podFrom('a', injected), podFrom('b', earlier)] }),
    /1 of 2 pods have the agent$/,
  );
});

test('pods of others with the same labels do not count', () => {
  const stranger = pod('x', { owner: { kind: 'ReplicaSet', name: 'other' }, status: readyStatus });
  assert.equal(judge({ pods: [...both, stranger] }).kind, 'done');
  assert.deepEqual(ownPods(web(), [replicaSet], [stranger]), []);
});

test('it is said which pod waits for what, and who still has to end', () => {
  const starting = podFrom('b', injected, { status: { phase: 'Pending' } });
  assertWaits(
    judge({ pods: [podFrom('a', injected), starting] }),
    /1 of 2 pods have the agent; b waits for a node/,
  );
  const ending = podFrom('b', injected, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
  assertWaits(
    judge({ pods: [podFrom('a', injected), ending] }),
    /1 of 2 pods have the agent; b still to end/,
  );
});

test('a pod can be replaced when all are ready, and not before', () => {
  const old = podFrom('old', deployment('web'));
  assert.equal(
    assertWaits(judge({ pods: [podFrom('a', injected), old] }), /1 of 2/).outdated?.metadata?.name,
    'old',
  );
  const starting = podFrom('a', injected, { status: { phase: 'Pending' } });
  assert.equal(assertWaits(judge({ pods: [starting, old] }), /0 of 2/).outdated, undefined);
});

test('the failure of a new pod is the failure of the rollout', () => {
  const state = { waiting: { reason: 'ErrImagePull', message: 'not found' } };
  const broken = podFrom('b', injected, {
    status: {
      containerStatuses: [
        { name: AGENT_CONTAINER, image: '', imageID: '', ready: false, restartCount: 0, state },
      ],
    },
  });
  assertFails(judge({ pods: [podFrom('a', injected), broken] }), 'agent-image', /not found/);
});

test('a deadline that is over is the failure of the rollout', () => {
  const conditions = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }];
  const late = { ...injected, status: { observedGeneration: 1, conditions } };
  assertFails(judge({ workload: web(late) }), 'workload', /progress deadline/);
});

test('a workload that was deleted is the end', () => {
  assertFails(judge({ workload: undefined }), 'deleted', /deleted/);
});

test('a template that somebody changed meanwhile is the end', () => {
  assertFails(judge({ workload: web(deployment('web')) }), 'workload', /somebody removed the agent/);
  const others = judgeRollout(
    { workload: web(), replicaSets: [], pods: [], events: [] },
    { kind: 'agent', ports: [{ protocol: 'TCP', appPort: 9090 }] },
  );
  assertFails(others, 'workload', /other ports/);
  const again = judgeRollout({ workload: web(), replicaSets: [], pods: [], events: [] }, { kind: 'none' });
  assertFails(again, 'workload', /injected the agent again/);
});

test('refused pods are said, from the ReplicaSet that lacks them', () => {
  const refused = {
    ...replicaSet,
    status: {
      replicas: 0,
      conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' }],
    },
  };
  assert.equal(
    assertWaits(judge({ replicaSets: [refused] }), /pods are refused: exceeded quota/).refusal,
    'exceeded quota',
  );
});

test('refused pods are said from events where there is no condition, of this rollout only', () => {
  const { spec, metadata } = injected;
  const object = {
    metadata: {
      ...metadata,
      generation: 1,
      managedFields: [{ manager: 'tp', operation: 'Update', time: '2026-01-01T00:00:10Z' }],
    },
    spec: { ...spec, serviceName: 'web' } as never,
    status: { observedGeneration: 1, replicas: 0 },
  };
  const workload = toWorkload('StatefulSet', NAMESPACE, object);
  const event = (lastTimestamp: string): CoreV1Event => ({
    metadata: {},
    involvedObject: { uid: 'uid-web' },
    reason: 'FailedCreate',
    message: 'exceeded quota',
    lastTimestamp,
  });
  const at = (time: string): RolloutState =>
    judgeRollout({ workload, replicaSets: [], pods: [], events: [event(time)] }, goal);
  assertWaits(at('2026-01-01T00:00:11Z'), /pods are refused: exceeded quota/);
  assertWaits(at('2026-01-01T00:00:09Z'), /^0 of 2 pods have the agent$/);
});

test('without a goal of an agent, pods must have none', () => {
  const plain = {
    ...deployment('web', { replicas: 1 }),
    status: { observedGeneration: 1, availableReplicas: 1 },
  };
  const judgeNone = (...pods: V1Pod[]): RolloutState =>
    judgeRollout({ workload: web(plain), replicaSets: [replicaSet], pods, events: [] }, { kind: 'none' });
  assert.equal(judgeNone(podFrom('a', plain)).kind, 'done');
  assertWaits(judgeNone(podFrom('a', injected)), /0 of 1 pods are without the agent/);
});

test('a workload without replicas is done', () => {
  const none = { ...injected, spec: { ...injected.spec, replicas: 0 } as never };
  assert.equal(judge({ workload: web(none) }).kind, 'done');
});

test('a bare Pod is its own only pod', () => {
  const lone = pod('lone', { status: readyStatus });
  const state = judgeRollout(
    { workload: toWorkload('Pod', NAMESPACE, lone), replicaSets: [], pods: [lone, pod('x')], events: [] },
    { kind: 'none' },
  );
  assert.equal(state.kind, 'done');
});
