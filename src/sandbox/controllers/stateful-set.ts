/**
 * StatefulSet: pods with names and an order. Created from the lowest ordinal, removed and updated from the highest, one
 * at a time unless `podManagementPolicy` is Parallel.
 */
import type { V1PodTemplateSpec, V1StatefulSet } from '../../kube/index.ts';
import type { Stored } from '../store/cluster-access.ts';
import { sameJson } from '../store/index.ts';
import { change, create, remove, report, type Controller, type Plan, type Write } from './controller.ts';
import {
  availableInMs,
  claim,
  isFinished,
  isReady,
  isTerminating,
  ownersOf,
  podOf,
  soonest,
  type Pod,
} from './pods.ts';
import { revisionsOf, type Revisions } from './revisions.ts';

type StatefulSet = Stored<'statefulsets.apps'>;
type Status = NonNullable<V1StatefulSet['status']>;

export const revisionLabel = 'controller-revision-hash';

export const statefulSetController: Controller<'statefulsets.apps'> = {
  name: 'statefulset-controller',
  resource: 'statefulsets.apps',
  concerns: { pods: ownersOf('statefulsets.apps', 'StatefulSet') },

  plan(set, cluster, nowMs): Plan {
    const { owned, writes } = claim('pods', set, cluster);
    const pods = new Map(owned.map((pod) => [ordinalOf(pod, set), pod]));
    pods.delete(undefined);
    const inUse = new Set(owned.map((pod) => pod.metadata.labels?.[revisionLabel] ?? ''));
    const before = set.status?.currentRevision;
    const revisions = revisionsOf(
      set,
      cluster,
      new Set([...inUse, ...(before === undefined ? [] : [before])]),
    );
    const minReadySeconds = set.spec?.minReadySeconds ?? 0;
    const waits = owned.map((pod) => availableInMs(pod, minReadySeconds, nowMs));
    const available = new Set(owned.filter((_, index) => waits[index] === 0));
    const status = statusOf(set, [...pods.values()], available, revisions);
    if (!sameJson(set.status ?? {}, status))
      writes.push(change('statefulsets.apps', set, (copy) => ({ ...copy, status }), 'status'));
    if (!isTerminating(set)) {
      writes.push(...revisions.writes);
      writes.push(...next(set, pods as Map<number, Pod>, available, revisions, status));
    }
    const againMs = soonest(waits);
    return { writes, ...(againMs === undefined ? {} : { againMs }) };
  },

  planRefused: (set, message): Write[] => [
    report(
      set,
      'Warning',
      'FailedCreate',
      `create Pod in StatefulSet ${set.metadata.name} failed error: ${message}`,
    ),
  ],
};

/** What to create or delete now: the first thing that is not as it should be decides, unless all may go at once. */
function next(
  set: StatefulSet,
  pods: ReadonlyMap<number, Pod>,
  available: ReadonlySet<Pod>,
  revisions: Revisions,
  status: Status,
): Write[] {
  const isOrdered = set.spec?.podManagementPolicy !== 'Parallel';
  const start = set.spec?.ordinals?.start ?? 0;
  const end = start + (set.spec?.replicas ?? 1);
  const isHealthy = (pod: Pod): boolean => available.has(pod) && !isTerminating(pod);
  const writes: Write[] = [];
  for (let ordinal = start; ordinal < end; ordinal += 1) {
    const pod = pods.get(ordinal);
    if (pod === undefined) writes.push(...newPod(set, ordinal, revisions, status));
    else if (isFinished(pod) && !isTerminating(pod)) writes.push(remove('pods', pod));
    else if (isHealthy(pod)) continue;
    // A template that never gets ready holds up its own repair, until somebody deletes the pod: so in Kubernetes.
    if (isOrdered) return writes;
  }
  const condemned = [...pods]
    .filter(([ordinal]) => ordinal < start || ordinal >= end)
    .sort(([a], [b]) => b - a);
  for (const [, pod] of condemned) {
    if (!isTerminating(pod)) writes.push(remove('pods', pod), deleted(set, pod));
    if (isOrdered) return writes;
  }
  if (writes.length > 0 || set.spec?.updateStrategy?.type === 'OnDelete') return writes;
  const partition = Math.max(start, set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0);
  for (let ordinal = end - 1; ordinal >= partition; ordinal -= 1) {
    const pod = pods.get(ordinal);
    if (pod === undefined) return [];
    if (!hasRevision(pod, revisions.updateName))
      return isTerminating(pod) ? [] : [remove('pods', pod), deleted(set, pod)];
    if (!isHealthy(pod)) return [];
  }
  return [];
}

function newPod(set: StatefulSet, ordinal: number, revisions: Revisions, status: Status): Write[] {
  const { name } = set.metadata;
  const revision = revisionFor(set, ordinal, revisions, status);
  const template: V1PodTemplateSpec = revisions.templateOf(revision) ?? set.spec?.template ?? {};
  const podName = `${name}-${String(ordinal)}`;
  const pod = podOf(template, set, {
    name: podName,
    labels: {
      'statefulset.kubernetes.io/pod-name': podName,
      'apps.kubernetes.io/pod-index': String(ordinal),
      [revisionLabel]: revision,
    },
  });
  const subdomain = set.spec?.serviceName;
  pod.spec = {
    ...(pod.spec ?? { containers: [] }),
    hostname: podName,
    ...(subdomain === undefined ? {} : { subdomain }),
  };
  const message = `create Pod ${podName} in StatefulSet ${name} successful`;
  return [create('pods', pod), report(set, 'Normal', 'SuccessfulCreate', message)];
}

/** Pods below the partition, and those that have not had their turn, come back as they were. */
function revisionFor(set: StatefulSet, ordinal: number, { updateName }: Revisions, status: Status): string {
  const current = status.currentRevision ?? updateName;
  const start = set.spec?.ordinals?.start ?? 0;
  const partition = set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  if (set.spec?.updateStrategy?.type === 'OnDelete') return updateName;
  const kept = partition > 0 ? start + partition : start + (status.currentReplicas ?? 0);
  return ordinal < kept ? current : updateName;
}

function statusOf(set: StatefulSet, pods: Pod[], available: ReadonlySet<Pod>, revisions: Revisions): Status {
  const wanted = set.spec?.replicas ?? 1;
  const { updateName } = revisions;
  const current = set.status?.currentRevision ?? updateName;
  const count = (test: (pod: Pod) => boolean): number => pods.filter(test).length;
  const live = (pod: Pod): boolean => !isTerminating(pod) && !isFinished(pod);
  const ready = count((pod) => isReady(pod));
  const updated = count((pod) => live(pod) && hasRevision(pod, updateName));
  const isUpdated = updated === wanted && ready === wanted && pods.length === wanted;
  return {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: pods.length,
    readyReplicas: ready,
    availableReplicas: available.size,
    currentReplicas: isUpdated ? updated : count((pod) => live(pod) && hasRevision(pod, current)),
    updatedReplicas: updated,
    currentRevision: isUpdated ? updateName : current,
    updateRevision: updateName,
    collisionCount: 0,
  };
}

const hasRevision = (pod: Pod, name: string): boolean => pod.metadata.labels?.[revisionLabel] === name;

const deleted = (set: StatefulSet, pod: Pod): Write =>
  report(
    set,
    'Normal',
    'SuccessfulDelete',
    `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`,
  );

function ordinalOf({ metadata }: Pod, set: StatefulSet): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const text = metadata.name.startsWith(prefix) ? metadata.name.slice(prefix.length) : '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
