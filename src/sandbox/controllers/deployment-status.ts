/** The status of a Deployment, with the conditions that `kubectl rollout status` waits for, in Kubernetes' words. */
import type { V1Deployment } from '../../kube/index.ts';
import { timestamp } from './controller.ts';
import type { Deployment, ReplicaSet } from './deployment.ts';
import { tolerances } from './rollout.ts';

type Status = NonNullable<V1Deployment['status']>;
type Condition = NonNullable<Status['conditions']>[number];
type Finding = Pick<Condition, 'status' | 'reason' | 'message'>;

/** `againMs`: when the progress deadline passes, if it can. */
export function deploymentStatus(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: ReplicaSet[],
  nowMs: number,
): { status: Status; againMs?: number } {
  const sets = current === undefined ? old : [...old, current];
  const sum = (field: 'replicas' | 'readyReplicas' | 'availableReplicas'): number =>
    sets.reduce((total, { status }) => total + (status?.[field] ?? 0), 0);
  const wanted = deployment.spec?.replicas ?? 1;
  const [replicas, ready, available] = [sum('replicas'), sum('readyReplicas'), sum('availableReplicas')];
  const updated = current?.status?.replicas ?? 0;
  const planned = sets.reduce((total, { spec }) => total + (spec?.replicas ?? 1), 0);
  const unavailable = Math.max(0, planned - available);
  const counts: Status = {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...(replicas > 0 && { replicas }),
    ...(updated > 0 && { updatedReplicas: updated }),
    ...(ready > 0 && { readyReplicas: ready }),
    ...(available > 0 && { availableReplicas: available }),
    ...(unavailable > 0 && { unavailableReplicas: unavailable }),
  };
  const isComplete =
    current !== undefined && updated === wanted && replicas === wanted && available >= wanted;
  const before = deployment.status ?? {};
  const progress = progressing(deployment, current, counts, isComplete, nowMs);
  const isAvailable = available >= wanted - tolerances(deployment).unavailable;
  const failure = [...(current === undefined ? [] : [current]), ...old]
    .flatMap(({ status }) => status?.conditions ?? [])
    .find(({ type }) => type === 'ReplicaFailure');
  const conditions = [
    condition(before, 'Available', isAvailable ? available_ : unavailable_, nowMs, false),
    ...(progress.finding ? [condition(before, 'Progressing', progress.finding, nowMs, progress.moved)] : []),
    ...(failure ? [condition(before, 'ReplicaFailure', failure, nowMs, false)] : []),
  ];
  const { againMs } = progress;
  return { status: { ...counts, conditions }, ...(againMs === undefined ? {} : { againMs }) };
}

const available_: Finding = {
  status: 'True',
  reason: 'MinimumReplicasAvailable',
  message: 'Deployment has minimum availability.',
};
const unavailable_: Finding = {
  status: 'False',
  reason: 'MinimumReplicasUnavailable',
  message: 'Deployment does not have minimum availability.',
};

interface Progress {
  finding?: Finding;
  /** Something got on since the last time: the deadline starts anew. */
  moved: boolean;
  againMs?: number;
}

function progressing(
  { spec, status: before = {}, metadata }: Deployment,
  current: ReplicaSet | undefined,
  now: Status,
  isComplete: boolean,
  nowMs: number,
): Progress {
  const last = before.conditions?.find(({ type }) => type === 'Progressing');
  const name = current?.metadata.name ?? '';
  const of = current === undefined ? `Deployment "${metadata.name}"` : `ReplicaSet "${name}"`;
  const deadlineMs = (spec?.progressDeadlineSeconds ?? 600) * 1_000;
  if (spec?.paused === true) {
    const finding = { status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' };
    return { finding, moved: last?.reason !== finding.reason };
  }
  if (isComplete) {
    const message = `${of} has successfully progressed.`;
    return { finding: { status: 'True', reason: 'NewReplicaSetAvailable', message }, moved: false };
  }
  if (current === undefined) return last === undefined ? { moved: false } : { finding: last, moved: false };
  const isNew = last === undefined || !(last.message ?? '').includes(`"${name}"`);
  if (isNew || last.reason === 'NewReplicaSetAvailable' || last.reason === 'DeploymentPaused') {
    const finding = isNew
      ? { status: 'True', reason: 'NewReplicaSetCreated', message: `Created new replica set "${name}"` }
      : { status: 'True', reason: 'ReplicaSetUpdated', message: `${of} is progressing.` };
    return { finding, moved: true, againMs: deadlineMs };
  }
  if (hasProgressed(before, now)) {
    const finding = { status: 'True', reason: 'ReplicaSetUpdated', message: `${of} is progressing.` };
    return { finding, moved: true, againMs: deadlineMs };
  }
  const leftMs = Date.parse(last.lastUpdateTime ?? '') + deadlineMs - nowMs;
  if (leftMs > 0) return { finding: last, moved: false, againMs: leftMs };
  const message = `${of} has timed out progressing.`;
  return { finding: { status: 'False', reason: 'ProgressDeadlineExceeded', message }, moved: false };
}

function hasProgressed(before: Status, now: Status): boolean {
  const more = (field: 'updatedReplicas' | 'readyReplicas' | 'availableReplicas'): boolean =>
    (now[field] ?? 0) > (before[field] ?? 0);
  const old = (status: Status): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    more('updatedReplicas') || more('readyReplicas') || more('availableReplicas') || old(now) < old(before)
  );
}

/** Keeps the times of a condition that says the same as before. */
function condition(before: Status, type: string, finding: Finding, nowMs: number, touch: boolean): Condition {
  const last = before.conditions?.find((one) => one.type === type);
  const now = timestamp(nowMs);
  const { status, reason, message } = finding;
  const isSame = last?.status === status && last.reason === reason && last.message === message;
  return {
    type,
    status,
    lastUpdateTime: isSame && !touch ? (last.lastUpdateTime ?? now) : now,
    lastTransitionTime: last?.status === status ? (last.lastTransitionTime ?? now) : now,
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}
