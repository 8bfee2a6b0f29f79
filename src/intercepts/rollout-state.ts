/** Tells from the objects of a workload how far its pods have followed its template. */
import { AGENT_CONTAINER, FIELD_MANAGER, type TakenPort } from '../contract/index.ts';
import type { CoreV1Event, V1Pod, V1ReplicaSet } from '../kube/index.ts';
import { findAgentContainer, readConfig, readRecord } from './agent-pieces.ts';
import { isActive, judgePod, oneLine, timeOf, type PodFailure } from './pod-state.ts';
import { controllerOf, templateOf, wantedReplicas, type Workload } from './workload.ts';

/** What every pod is to have. */
export type RolloutGoal =
  /** The agent of the template, which must take at least these ports. */
  | { kind: 'agent'; ports: readonly Pick<TakenPort, 'protocol' | 'appPort'>[] }
  /** No agent. */
  | { kind: 'none' };

export type RolloutFailure = PodFailure | { kind: 'workload' | 'deleted'; reason: string };

export type RolloutState =
  | { kind: 'done'; pods: V1Pod[] }
  | {
      kind: 'waiting';
      /** How far it is, and for what it waits. */
      text: string;
      /** A pod that can be replaced now: all pods are ready, and this one is not as it should be. */
      outdated?: V1Pod;
      /** Pods are refused; that can pass when others end. */
      refusal?: string;
    }
  | { kind: 'failed'; failure: RolloutFailure };

export interface RolloutObjects {
  /** Undefined when it was deleted. */
  workload: Workload | undefined;
  replicaSets: readonly V1ReplicaSet[];
  pods: readonly V1Pod[];
  events: readonly CoreV1Event[];
}

export function judgeRollout(
  { workload, replicaSets, pods, events }: RolloutObjects,
  goal: RolloutGoal,
): RolloutState {
  if (workload === undefined)
    return { kind: 'failed', failure: { kind: 'deleted', reason: 'it was deleted meanwhile' } };
  const mismatch = findMismatch(workload, goal);
  if (mismatch !== undefined) return fail(mismatch);
  if (!isObserved(workload)) return { kind: 'waiting', text: 'Kubernetes has not yet taken the change up' };
  const own = ownPods(workload, replicaSets, pods);
  const active = own.filter(isActive);
  const wanted = wantedReplicas(workload);
  const current = active.filter((pod) => isCurrent(workload, pod, goal));
  const states = current.map((pod) => ({ pod, ...judgePod(pod, eventsOf(events, pod.metadata?.uid)) }));
  const ready = states.filter((state) => state.isReady);
  if (goal.kind === 'agent') {
    const failure = states.find((state) => state.failure !== undefined)?.failure;
    if (failure !== undefined) return { kind: 'failed', failure };
  }
  const isComplete = active.length === wanted && ready.length === wanted && isAvailable(workload, wanted);
  if (isComplete) return { kind: 'done', pods: current };
  if (hasExceededDeadline(workload)) return fail('its progress deadline (progressDeadlineSeconds) is over');
  const unready = states.filter((state) => !state.isReady);
  const outdated = active.filter((pod) => !current.includes(pod));
  const ending = own.filter(({ metadata }) => metadata?.deletionTimestamp !== undefined);
  const refusal = findRefusal(workload, replicaSets, events);
  const parts = [
    `${ready.length} of ${wanted} pods ${goal.kind === 'agent' ? 'have the agent' : 'are without the agent'}`,
    ...unready.map(({ pod, waitsFor }) => `${pod.metadata?.name ?? ''} waits for ${waitsFor}`),
    ...(unready.length > 0 || ending.length === 0 ? [] : [`${nameList(ending)} still to end`]),
    ...(refusal === undefined ? [] : [`pods are refused: ${refusal}`]),
  ];
  const isCalm = active.length >= wanted && active.every((pod) => judgePod(pod).isReady);
  return {
    kind: 'waiting',
    text: parts.join('; '),
    ...(isCalm && outdated[0] !== undefined ? { outdated: outdated[0] } : {}),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

function nameList(pods: readonly V1Pod[]): string {
  return pods.map(({ metadata }) => metadata?.name ?? '').join(', ');
}

function fail(reason: string): RolloutState {
  return { kind: 'failed', failure: { kind: 'workload', reason } };
}

/** Somebody else may change the template at the same time. */
function findMismatch(workload: Workload, goal: RolloutGoal): string | undefined {
  const agent = findAgentContainer(templateOf(workload));
  if (goal.kind === 'none') return agent === undefined ? undefined : 'somebody injected the agent again';
  if (agent === undefined) return 'somebody removed the agent from the template';
  const { ports } = readConfig(workload.label, agent);
  const isTaken = goal.ports.every(({ protocol, appPort }) =>
    ports.some((taken) => taken.protocol === protocol && taken.appPort === appPort),
  );
  return isTaken ? undefined : 'somebody injected an agent for other ports';
}

/** The controller's counters are about this version of the template. */
function isObserved(workload: Workload): boolean {
  if (workload.kind === 'Pod') return true;
  const { metadata, status } = workload.object;
  return (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
}

/** minReadySeconds are over, where the controller counts them. */
function isAvailable(workload: Workload, wanted: number): boolean {
  if (workload.kind === 'Deployment') return (workload.object.status?.availableReplicas ?? 0) >= wanted;
  if (workload.kind === 'DaemonSet') return (workload.object.status?.numberAvailable ?? 0) >= wanted;
  return true;
}

function hasExceededDeadline(workload: Workload): boolean {
  if (workload.kind !== 'Deployment') return false;
  return (workload.object.status?.conditions ?? []).some(
    ({ type, status, reason }) =>
      type === 'Progressing' && status === 'False' && reason === 'ProgressDeadlineExceeded',
  );
}

/** Pods that the workload's controller made; the selector alone may find others too. */
export function ownPods(
  workload: Workload,
  replicaSets: readonly V1ReplicaSet[],
  pods: readonly V1Pod[],
): V1Pod[] {
  const { uid } = workload.object.metadata ?? {};
  if (workload.kind === 'Pod') return pods.filter(({ metadata }) => metadata?.uid === uid);
  const owners = new Set(
    workload.kind === 'Deployment'
      ? ownReplicaSets(workload, replicaSets).map(({ metadata }) => metadata?.uid)
      : [uid],
  );
  return pods.filter(({ metadata }) => owners.has(controllerOf(metadata)?.uid));
}

function ownReplicaSets(workload: Workload, replicaSets: readonly V1ReplicaSet[]): V1ReplicaSet[] {
  const { uid } = workload.object.metadata ?? {};
  return replicaSets.filter(({ metadata }) => controllerOf(metadata)?.uid === uid);
}

/** The pod has the agent of the template as it is now, or none if there should be none. */
function isCurrent(workload: Workload, pod: V1Pod, goal: RolloutGoal): boolean {
  const hasAgent = pod.spec?.containers.some(({ name }) => name === AGENT_CONTAINER) === true;
  if (goal.kind === 'none') return !hasAgent;
  const revision = readRecord(workload.label, templateOf(workload))?.revision;
  return hasAgent && readRecord(workload.label, pod)?.revision === revision;
}

/** Why the API server refuses new pods (quota, admission), if it does. */
function findRefusal(
  workload: Workload,
  replicaSets: readonly V1ReplicaSet[],
  events: readonly CoreV1Event[],
): string | undefined {
  const makers = [workload.object, ...ownReplicaSets(workload, replicaSets)];
  const conditions = makers.flatMap(
    ({ status }) => (status as ConditionStatus | undefined)?.conditions ?? [],
  );
  const failure = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  if (failure !== undefined) return oneLine(failure.message ?? '');
  // StatefulSets and DaemonSets tell it by events only, and those stay for an hour: older ones do not count.
  const since = patchedAt(workload);
  const event = eventsOf(events, workload.object.metadata?.uid).find(
    (candidate) => candidate.reason === 'FailedCreate' && since !== undefined && timeOf(candidate) >= since,
  );
  return event === undefined ? undefined : oneLine(event.message ?? '');
}

/** When `tp` changed the workload, by the clock of the API server. RFC 3339 in UTC sorts as text. */
function patchedAt({ object }: Workload): string | undefined {
  return object.metadata?.managedFields?.find(({ manager }) => manager === FIELD_MANAGER)?.time;
}

interface ConditionStatus {
  conditions?: { type: string; status: string; message?: string }[];
}

function eventsOf(events: readonly CoreV1Event[], uid: string | undefined): CoreV1Event[] {
  return events.filter(({ involvedObject }) => involvedObject.uid === uid);
}
