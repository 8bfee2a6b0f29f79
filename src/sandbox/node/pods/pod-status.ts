/** A pod's status from what its containers are doing. Pure. */
import type { V1ContainerStatus, V1Pod, V1PodCondition, V1PodStatus } from '../../../kube/index.ts';
import { NODE_ADDRESS } from '../network/addresses.ts';

export interface PodFacts {
  /** Now, RFC 3339. */
  now: string;
  /** Missing until the pod has its network. */
  podAddress?: string;
  startTime: string;
  /** In the specification's order; sidecars are among the init containers. */
  init: readonly V1ContainerStatus[];
  app: readonly V1ContainerStatus[];
  ephemeral: readonly V1ContainerStatus[];
  areInitDone: boolean;
  /** All its processes have ended and none will start again. */
  isOver: boolean;
  /** The node ended the pod before its time, for example `DeadlineExceeded`. */
  failure?: { reason: string; message: string };
}

type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** Keeps what others have written: conditions of readiness gates, the scheduler's. */
export function buildPodStatus(pod: V1Pod, facts: PodFacts): V1PodStatus {
  const phase = phaseOf(pod, facts);
  const before = pod.status?.conditions ?? [];
  const own = conditionsOf(pod, facts, phase);
  const ownTypes = new Set(own.map(({ type }) => type));
  const conditions = [
    ...own.map((condition) => withTransition(condition, before, facts.now)),
    ...before.filter(({ type }) => !ownTypes.has(type)),
  ];
  return {
    ...(pod.status ?? {}),
    phase,
    conditions,
    hostIP: NODE_ADDRESS,
    hostIPs: [{ ip: NODE_ADDRESS }],
    ...(facts.podAddress === undefined
      ? {}
      : { podIP: facts.podAddress, podIPs: [{ ip: facts.podAddress }] }),
    startTime: facts.startTime,
    qosClass: pod.status?.qosClass ?? 'BestEffort',
    ...(facts.init.length > 0 ? { initContainerStatuses: [...facts.init] } : {}),
    containerStatuses: [...facts.app],
    ...(facts.ephemeral.length > 0 ? { ephemeralContainerStatuses: [...facts.ephemeral] } : {}),
    ...(facts.failure ?? {}),
  };
}

function phaseOf(pod: V1Pod, { app, init, areInitDone, isOver, failure }: PodFacts): Phase {
  if (failure !== undefined && isOver) return 'Failed';
  const policy = pod.spec?.restartPolicy ?? 'Always';
  if (!areInitDone) {
    const hasFailed = init.some(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
    return hasFailed && isOver ? 'Failed' : 'Pending';
  }
  if (isOver && app.every(({ state }) => state?.terminated !== undefined)) {
    const areAllGood = app.every(({ state }) => state?.terminated?.exitCode === 0);
    if (policy === 'Always' && pod.metadata?.deletionTimestamp === undefined) return 'Running';
    return areAllGood ? 'Succeeded' : 'Failed';
  }
  const hasStarted = app.some(
    ({ state, lastState }) =>
      state?.running !== undefined || state?.terminated !== undefined || lastState?.terminated !== undefined,
  );
  return hasStarted ? 'Running' : 'Pending';
}

type Condition = Omit<V1PodCondition, 'lastTransitionTime'>;

function conditionsOf(pod: V1Pod, facts: PodFacts, phase: Phase): Condition[] {
  const ready = readyCondition('ContainersReady', facts, phase);
  const gates = (pod.spec?.readinessGates ?? []).map(({ conditionType }) => conditionType);
  const closed = gates.filter(
    (gate) => pod.status?.conditions?.find(({ type }) => type === gate)?.status !== 'True',
  );
  const isGated = ready.status === 'True' && closed.length > 0;
  const podReady: Condition = isGated
    ? { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: gateMessage(pod, closed) }
    : { ...ready, type: 'Ready' };
  const isNetworkUp = facts.podAddress !== undefined && !facts.isOver;
  return [
    { type: 'PodReadyToStartContainers', status: isNetworkUp ? 'True' : 'False' },
    initializedCondition(facts, phase),
    podReady,
    ready,
    { type: 'PodScheduled', status: 'True' },
  ];
}

function gateMessage(pod: V1Pod, closed: readonly string[]): string {
  const conditions = pod.status?.conditions ?? [];
  const messages = closed.map((gate) =>
    conditions.some(({ type }) => type === gate)
      ? `the status of pod readiness gate "${gate}" is not "True", but False`
      : `corresponding condition of pod readiness gate "${gate}" does not exist.`,
  );
  return messages.join(', ');
}

function initializedCondition({ init, areInitDone }: PodFacts, phase: Phase): Condition {
  if (areInitDone || phase === 'Succeeded')
    return {
      type: 'Initialized',
      status: 'True',
      ...(phase === 'Succeeded' ? { reason: 'PodCompleted' } : {}),
    };
  const waiting = init.filter(({ state, started }) => state?.terminated?.exitCode !== 0 && started !== true);
  return {
    type: 'Initialized',
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${waiting.map(({ name }) => name).join(' ')}]`,
  };
}

function readyCondition(type: string, facts: PodFacts, phase: Phase): Condition {
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' };
  const sidecars = facts.init.filter(({ state }) => state?.running !== undefined);
  const unready = [...facts.app, ...(facts.areInitDone ? sidecars : [])].filter(({ ready }) => !ready);
  if (facts.areInitDone && unready.length === 0) return { type, status: 'True' };
  const names = unready.map(({ name }) => name).join(' ');
  return {
    type,
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${names}]`,
  };
}

function withTransition(
  condition: Condition,
  before: readonly V1PodCondition[],
  now: string,
): V1PodCondition {
  const old = before.find(({ type }) => type === condition.type);
  const since = old?.status === condition.status ? old.lastTransitionTime : undefined;
  return { ...condition, lastTransitionTime: since ?? now };
}
