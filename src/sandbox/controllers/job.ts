/** Job: pods that run to their end. `completionMode: Indexed` is not offered, see docs/SANDBOX.md. */
import type { V1Job, V1Pod } from '../../kube/index.ts';
import type { Stored } from '../store/cluster-access.ts';
import { sameJson } from '../store/index.ts';
import {
  change,
  create,
  remove,
  report,
  timestamp,
  type Controller,
  type Plan,
  type Write,
} from './controller.ts';
import { claim, isActive, isReady, isTerminating, ownersOf, podOf, soonest, type Pod } from './pods.ts';

type Job = Stored<'jobs.batch'>;
type Status = NonNullable<V1Job['status']>;
type Condition = NonNullable<Status['conditions']>[number];

/** A failed pod is replaced after this, doubled with each further failure. */
const retryAfterMs = 10_000;
const longestRetryMs = 600_000;

export const jobController: Controller<'jobs.batch'> = {
  name: 'job-controller',
  resource: 'jobs.batch',
  concerns: { pods: ownersOf('jobs.batch', 'Job') },

  plan(job, cluster, nowMs): Plan {
    if (job.spec?.completionMode === 'Indexed') return refuseIndexed(job, nowMs);
    if (isOver(job)) return afterwards(job, nowMs);
    const { owned, writes } = claim('pods', job, cluster);
    const active = owned.filter(isActive);
    const succeeded = owned.filter(({ status }) => status?.phase === 'Succeeded').length;
    const failures = owned.filter(({ status }) => status?.phase === 'Failed');
    const verdict = judge(job, active, succeeded, failures.length, nowMs);
    const status = statusOf(job, active, succeeded, failures.length, verdict, nowMs);
    if (!sameJson(job.status ?? {}, status))
      writes.push(change('jobs.batch', job, (copy) => ({ ...copy, status }), 'status'));
    if (isTerminating(job)) return { writes };
    if (verdict !== undefined || job.spec?.suspend === true) {
      if (verdict !== undefined)
        writes.push(
          report(job, verdict.type === 'Complete' ? 'Normal' : 'Warning', verdict.event, verdict.text),
        );
      return { writes: [...writes, ...active.map((pod) => remove('pods', pod))] };
    }
    const waitMs = retryInMs(failures, nowMs);
    const missing = wantedPods(job, succeeded) - active.length;
    if (waitMs === 0)
      for (let count = 0; count < missing; count += 1)
        writes.push(create('pods', podOf(job.spec?.template ?? {}, job)));
    for (const pod of active.slice(0, Math.max(0, -missing))) writes.push(remove('pods', pod));
    const againMs = soonest([missing > 0 ? waitMs : undefined, deadlineInMs(job, nowMs)]);
    return { writes, ...(againMs === undefined ? {} : { againMs }) };
  },

  planRefused: (job, message): Write[] => [
    report(job, 'Warning', 'FailedCreate', `Error creating: ${message}`),
  ],
};

interface Verdict {
  type: 'Complete' | 'Failed';
  reason: string;
  message: string;
  event: string;
  text: string;
}

function judge(
  job: Job,
  active: Pod[],
  succeeded: number,
  failed: number,
  nowMs: number,
): Verdict | undefined {
  const { completions, backoffLimit = 6 } = job.spec ?? {};
  // Containers that the kubelet starts again count as well.
  const restarts = active.reduce((sum, pod) => sum + restartsOf(pod), 0);
  if (failed + (restartsOnFailure(job) ? restarts : 0) > backoffLimit)
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  if ((deadlineInMs(job, nowMs) ?? 1) <= 0)
    return failure('DeadlineExceeded', 'Job was active longer than specified deadline');
  // Without a number the Job is done when one pod has succeeded and no other runs.
  const isDone = completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= completions;
  if (!isDone) return undefined;
  const message = 'Reached expected number of succeeded pods';
  return {
    type: 'Complete',
    reason: 'CompletionsReached',
    message,
    event: 'Completed',
    text: 'Job completed',
  };
}

const failure = (reason: string, message: string): Verdict => ({
  type: 'Failed',
  reason,
  message,
  event: reason,
  text: message,
});

const restartsOnFailure = ({ spec }: Job): boolean => spec?.template.spec?.restartPolicy === 'OnFailure';

function restartsOf({ status }: V1Pod): number {
  return (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
}

/** Undefined without a deadline; not above 0 when it has passed. */
function deadlineInMs({ spec, status }: Job, nowMs: number): number | undefined {
  if (spec?.activeDeadlineSeconds === undefined || status?.startTime === undefined) return undefined;
  return Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1_000 - nowMs;
}

function wantedPods({ spec }: Job, succeeded: number): number {
  const parallelism = spec?.parallelism ?? 1;
  if (spec?.completions === undefined) return succeeded > 0 ? 0 : parallelism;
  return Math.min(parallelism, spec.completions - succeeded);
}

function retryInMs(failures: readonly Pod[], nowMs: number): number {
  if (failures.length === 0) return 0;
  const lastMs = Math.max(...failures.map(endedMs));
  const delayMs = Math.min(longestRetryMs, retryAfterMs * 2 ** (failures.length - 1));
  return Math.max(0, lastMs + delayMs - nowMs);
}

/** When its last container ended; one that never had any ended as it began. */
function endedMs({ metadata, status }: Pod): number {
  const ends = (status?.containerStatuses ?? []).map(({ state }) =>
    Date.parse(state?.terminated?.finishedAt ?? ''),
  );
  return Math.max(Date.parse(metadata.creationTimestamp ?? ''), ...ends.filter((end) => !Number.isNaN(end)));
}

function statusOf(
  job: Job,
  active: Pod[],
  succeeded: number,
  failed: number,
  verdict: Verdict | undefined,
  nowMs: number,
): Status {
  const now = timestamp(nowMs);
  const { conditions: old = [], startTime = now } = job.status ?? {};
  const isSuspended = job.spec?.suspend === true;
  const running = verdict === undefined && !isSuspended ? active.length : 0;
  const ready = verdict === undefined && !isSuspended ? active.filter(isReady).length : 0;
  return {
    ...(old.length > 0 || verdict !== undefined
      ? { conditions: [...old, ...conditionsOf(verdict, now)] }
      : {}),
    ...(isSuspended ? {} : { startTime }),
    ...(running > 0 && { active: running }),
    ready,
    ...(succeeded > 0 && { succeeded }),
    ...(failed > 0 && { failed }),
    terminating: 0,
    ...(verdict?.type === 'Complete' && { completionTime: now }),
    uncountedTerminatedPods: {},
  };
}

/** Each final condition follows the one that announces it, as since Kubernetes 1.31. */
function conditionsOf(verdict: Verdict | undefined, now: string): Condition[] {
  if (verdict === undefined) return [];
  const { type, reason, message } = verdict;
  const times = { lastProbeTime: now, lastTransitionTime: now };
  const announcement = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  return [announcement, type].map((name) => ({ type: name, status: 'True', ...times, reason, message }));
}

function isOver({ status }: Job): boolean {
  return (status?.conditions ?? []).some(
    ({ type, status: value }) => (type === 'Complete' || type === 'Failed') && value === 'True',
  );
}

/** `ttlSecondsAfterFinished`. */
function afterwards(job: Job, nowMs: number): Plan {
  const seconds = job.spec?.ttlSecondsAfterFinished;
  const end = job.status?.conditions?.find(({ type }) => type === 'Complete' || type === 'Failed');
  if (seconds === undefined || isTerminating(job)) return { writes: [] };
  const leftMs = Date.parse(end?.lastTransitionTime ?? '') + seconds * 1_000 - nowMs;
  return leftMs > 0 ? { writes: [], againMs: leftMs } : { writes: [remove('jobs.batch', job)] };
}

/** A Job of this kind fails at once and says why: it must not wait for ever. */
function refuseIndexed(job: Job, nowMs: number): Plan {
  if (isOver(job)) return { writes: [] };
  const verdict = failure('NotSupported', 'The sandbox runs no Indexed Jobs, see docs/SANDBOX.md');
  const status = statusOf(job, [], 0, 0, verdict, nowMs);
  return {
    writes: [
      change('jobs.batch', job, (copy) => ({ ...copy, status }), 'status'),
      report(job, 'Warning', verdict.event, verdict.text),
    ],
  };
}
