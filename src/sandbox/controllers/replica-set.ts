/** ReplicaSet: as many pods as asked for. Follows `replica_set.go` of Kubernetes in which pods it deletes first. */
import type { V1ReplicaSet } from '../../kube/index.ts';
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
import {
  availableInMs,
  claim,
  isActive,
  isReady,
  isTerminating,
  ownersOf,
  podOf,
  readySinceMs,
  soonest,
  type Pod,
} from './pods.ts';

type ReplicaSet = Stored<'replicasets.apps'>;
type Status = NonNullable<V1ReplicaSet['status']>;

/** Pods that one pass creates or deletes at most; the next pass goes on. */
const burst = 500;

export const replicaSetController: Controller<'replicasets.apps'> = {
  name: 'replicaset-controller',
  resource: 'replicasets.apps',
  concerns: { pods: ownersOf('replicasets.apps', 'ReplicaSet') },

  plan(set, cluster, nowMs): Plan {
    const { owned, writes } = claim('pods', set, cluster);
    const active = owned.filter(isActive);
    const wanted = set.spec?.replicas ?? 1;
    const minReadySeconds = set.spec?.minReadySeconds ?? 0;
    const waits = active.map((pod) => availableInMs(pod, minReadySeconds, nowMs));
    const templateLabels = Object.entries(set.spec?.template?.metadata?.labels ?? {});
    const status: Status = {
      replicas: active.length,
      fullyLabeledReplicas: active.filter(({ metadata }) =>
        templateLabels.every(([key, value]) => metadata.labels?.[key] === value),
      ).length,
      readyReplicas: active.filter(isReady).length,
      availableReplicas: waits.filter((wait) => wait === 0).length,
      observedGeneration: set.metadata.generation ?? 0,
      // As long as pods are missing the reason stands: the next attempt may fail like the last.
      ...(active.length < wanted && set.status?.conditions ? { conditions: set.status.conditions } : {}),
    };
    writes.push(...statusWrites(set, status));
    if (!isTerminating(set)) writes.push(...scale(set, active, wanted));
    const againMs = soonest(waits);
    return { writes, ...(againMs === undefined ? {} : { againMs }) };
  },

  planRefused(set, message, nowMs): Write[] {
    const now = timestamp(nowMs);
    const condition = {
      type: 'ReplicaFailure',
      status: 'True',
      lastTransitionTime: now,
      reason: 'FailedCreate',
      message,
    };
    return [
      report(set, 'Warning', 'FailedCreate', `Error creating: ${message}`),
      change(
        'replicasets.apps',
        set,
        (copy) => {
          const [before] = copy.status?.conditions ?? [];
          if (before?.message === message) return undefined;
          return {
            ...copy,
            status: { ...copy.status, replicas: copy.status?.replicas ?? 0, conditions: [condition] },
          };
        },
        'status',
      ),
    ];
  },
};

function statusWrites(set: ReplicaSet, status: Status): Write[] {
  if (sameJson(set.status ?? {}, status)) return [];
  return [change('replicasets.apps', set, (copy) => ({ ...copy, status }), 'status')];
}

function scale(set: ReplicaSet, active: Pod[], wanted: number): Write[] {
  const missing = wanted - active.length;
  if (missing >= 0)
    return Array.from({ length: Math.min(missing, burst) }, () =>
      create('pods', podOf(set.spec?.template ?? {}, set)),
    );
  return [...active]
    .sort(deletionOrder)
    .slice(0, Math.min(-missing, burst))
    .map((pod) => remove('pods', pod));
}

const phaseOrder: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** Those first that are missed least. */
function deletionOrder(a: Pod, b: Pod): number {
  const ranks: ((pod: Pod) => number)[] = [
    (pod) => (pod.spec?.nodeName === undefined ? 0 : 1),
    (pod) => phaseOrder[pod.status?.phase ?? 'Pending'] ?? 1,
    (pod) => (isReady(pod) ? 1 : 0),
    (pod) => Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0),
    (pod) => -readySinceMs(pod),
    (pod) => -restarts(pod),
    (pod) => -Date.parse(pod.metadata.creationTimestamp ?? ''),
  ];
  for (const rank of ranks) {
    const difference = rank(a) - rank(b);
    if (difference !== 0) return difference;
  }
  return 0;
}

function restarts({ status }: Pod): number {
  return (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
}
