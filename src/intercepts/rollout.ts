/** Waits until every pod of a workload has followed its template, and replaces pods where Kubernetes does not. */
import type { Progress } from '../contract/index.ts';
import type { Clock } from '../core/index.ts';
import {
  kubeStatus,
  paths,
  type CoreV1Event,
  type KubeClient,
  type V1Pod,
  type V1ReplicaSet,
} from '../kube/index.ts';
import type { Deadline } from './deadline.ts';
import { observe, type Source } from './observe.ts';
import { judgeRollout, type RolloutFailure, type RolloutGoal } from './rollout-state.ts';
import {
  podsOf,
  replacesNoPods,
  toWorkload,
  workloadKinds,
  type Workload,
  type WorkloadObject,
} from './workload.ts';

/** How often the same state is reported again, with the time it has lasted. */
export const PROGRESS_INTERVAL_MS = 5000;
/** A refusal of pods for so long does not pass: a quota is full until somebody else ends. */
export const REFUSAL_PATIENCE_MS = 15_000;
/** Wait before a pod that a PodDisruptionBudget protects is tried again; kubectl drain waits as long. */
export const EVICTION_RETRY_MS = 5000;

export interface RolloutOptions {
  workload: Workload;
  goal: RolloutGoal;
  deadline: Deadline;
  clock: Clock;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

export type RolloutOutcome =
  | { kind: 'done'; workload: Workload; pods: V1Pod[] }
  | { kind: 'failed'; failure: RolloutFailure }
  | { kind: 'timeout'; text: string };

type RolloutKube = Pick<KubeClient, 'follow' | 'create' | 'version'>;

/** Waits for `goal`; every pod that the controller leaves alone is evicted, one after the other. */
export async function awaitRollout(kube: RolloutKube, options: RolloutOptions): Promise<RolloutOutcome> {
  const evicted = new Set<string | undefined>();
  for (;;) {
    const step = await nextStep(kube, options, evicted);
    if (step.kind !== 'evict') return step;
    await evict(kube, step.pod, options);
    evicted.add(step.pod.metadata?.uid);
  }
}

/** A type, since an interface is no Record. */
type Objects = {
  workload: WorkloadObject;
  replicaSets: V1ReplicaSet;
  pods: V1Pod;
  events: CoreV1Event;
};

async function nextStep(
  kube: RolloutKube,
  { workload, goal, deadline, clock, signal, onProgress }: RolloutOptions,
  evicted: ReadonlySet<string | undefined>,
): Promise<RolloutOutcome | { kind: 'evict'; pod: V1Pod }> {
  const report = createReporter({ label: workload.label, deadline, clock, onProgress });
  let refusedSinceMs: number | undefined;
  return observe<Objects, RolloutOutcome | { kind: 'evict'; pod: V1Pod }>(kube, sourcesOf(workload), {
    clock,
    signal,
    decide: ({ workload: [object], replicaSets, pods, events }) => {
      const { kind, namespace } = workload;
      const now = object === undefined ? undefined : toWorkload(kind, namespace, object);
      const state = judgeRollout({ workload: now, replicaSets, pods, events }, goal);
      if (state.kind === 'done') return { kind: 'done', workload: now ?? workload, pods: state.pods };
      if (state.kind === 'failed') return state;
      const { text, outdated, refusal } = state;
      report(text);
      if (outdated !== undefined && replacesNoPods(workload) && !evicted.has(outdated.metadata?.uid))
        return { kind: 'evict', pod: outdated };
      if (deadline.isOver()) return { kind: 'timeout', text };
      refusedSinceMs = refusal === undefined ? undefined : (refusedSinceMs ?? clock.monotonicMs());
      if (refusedSinceMs !== undefined && clock.monotonicMs() - refusedSinceMs >= REFUSAL_PATIENCE_MS)
        return {
          kind: 'failed',
          failure: { kind: 'workload', reason: `pods are refused: ${refusal ?? ''}` },
        };
      return undefined;
    },
  });
}

function sourcesOf(workload: Workload): Record<keyof Objects, Source | undefined> {
  const { kind, namespace, name } = workload;
  const pods = podsOf(workload);
  return {
    workload: { path: workloadKinds[kind].path(namespace), fieldSelector: `metadata.name=${name}` },
    replicaSets: kind === 'Deployment' ? { path: paths.replicaSets(namespace), ...pods } : undefined,
    pods: { path: paths.pods(namespace), ...pods },
    events: { path: paths.events(namespace), fieldSelector: 'type=Warning', isOptional: true },
  };
}

/** Reports each new state at once, and one that lasts from time to time. */
function createReporter({
  label,
  deadline,
  clock,
  onProgress,
}: {
  label: string;
  deadline: Deadline;
  clock: Clock;
  onProgress: (progress: Progress) => void;
}): (text: string) => void {
  let lastText = '';
  let lastMs = 0;
  return (text) => {
    const nowMs = clock.monotonicMs();
    if (text === lastText && nowMs - lastMs < PROGRESS_INTERVAL_MS) return;
    lastText = text;
    lastMs = nowMs;
    onProgress({ step: `rollout ${label}`, message: `${label}: ${text} (${deadline.elapsedSeconds()} s)` });
  };
}

/** Asks for the deletion of a pod in a way that respects PodDisruptionBudgets, until it is granted. */
async function evict(
  kube: RolloutKube,
  pod: V1Pod,
  { workload, deadline, clock, signal, onProgress }: RolloutOptions,
): Promise<void> {
  const name = pod.metadata?.name ?? '';
  const { major, minor } = await kube.version({ signal });
  // policy/v1 came with 1.22.
  const apiVersion = major > 1 || minor >= 22 ? 'policy/v1' : 'policy/v1beta1';
  const body = {
    apiVersion,
    kind: 'Eviction',
    metadata: { name, namespace: workload.namespace },
    deleteOptions: { preconditions: { uid: pod.metadata?.uid } },
  };
  for (;;) {
    try {
      await kube.create(paths.podSubresource(workload.namespace, name, 'eviction'), body, { signal });
      return;
    } catch (error) {
      const status = kubeStatus(error)?.status;
      // Gone, or another pod has its name meanwhile.
      if (status === 404 || status === 409) return;
      if (status !== 429 || deadline.isOver()) throw error;
    }
    onProgress({
      step: `rollout ${workload.label}`,
      message: `${workload.label}: a PodDisruptionBudget protects ${name} (${deadline.elapsedSeconds()} s)`,
    });
    await clock.sleep(EVICTION_RETRY_MS, { signal });
  }
}
