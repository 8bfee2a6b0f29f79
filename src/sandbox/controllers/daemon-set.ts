/** DaemonSet: one pod on each node that its selector allows. There is one node, but the arithmetic does not know it. */
import type { V1DaemonSet, V1Pod } from '../../kube/index.ts';
import type { Stored } from '../store/cluster-access.ts';
import { sameJson } from '../store/index.ts';
import {
  change,
  create,
  remove,
  report,
  type Controller,
  type Plan,
  type Reader,
  type Write,
} from './controller.ts';
import {
  availableInMs,
  claim,
  isFinished,
  isReady,
  isTerminating,
  ownersOf,
  podOf,
  scaledValue,
  soonest,
  type Pod,
} from './pods.ts';
import { revisionsOf } from './revisions.ts';
import { revisionLabel } from './stateful-set.ts';

type DaemonSet = Stored<'daemonsets.apps'>;
type Status = NonNullable<V1DaemonSet['status']>;

export const daemonSetController: Controller<'daemonsets.apps'> = {
  name: 'daemonset-controller',
  resource: 'daemonsets.apps',
  concerns: {
    pods: ownersOf('daemonsets.apps', 'DaemonSet'),
    nodes: (_node, cluster) =>
      cluster.list('daemonsets.apps').map(({ metadata: { namespace = '', name } }) => ({ namespace, name })),
  },

  plan(set, cluster, nowMs): Plan {
    const { owned, writes } = claim('pods', set, cluster);
    const inUse = new Set(
      owned.map(({ metadata }) => `${set.metadata.name}-${metadata.labels?.[revisionLabel] ?? ''}`),
    );
    const revisions = revisionsOf(set, cluster, inUse);
    const nodes = nodesFor(set, cluster);
    const minReadySeconds = set.spec?.minReadySeconds ?? 0;
    const waits = owned.map((pod) => availableInMs(pod, minReadySeconds, nowMs));
    const available = new Set(owned.filter((_, index) => waits[index] === 0));
    const onNode = new Map(nodes.map((node) => [node, owned.filter((pod) => targetNode(pod) === node)]));
    const status = statusOf(
      set,
      [...onNode.values()].map(first),
      owned.length,
      available,
      revisions.updateHash,
    );
    if (!sameJson(set.status ?? {}, status))
      writes.push(change('daemonsets.apps', set, (copy) => ({ ...copy, status }), 'status'));
    if (!isTerminating(set)) {
      writes.push(...revisions.writes);
      writes.push(...place(set, onNode, owned, revisions.updateHash));
      writes.push(...update(set, [...onNode.values()].map(first), available, revisions.updateHash));
    }
    const againMs = soonest(waits);
    return { writes, ...(againMs === undefined ? {} : { againMs }) };
  },

  planRefused: (set, message): Write[] => [
    report(set, 'Warning', 'FailedCreate', `Error creating: ${message}`),
  ],
};

const first = (pods: Pod[]): Pod | undefined => pods.find((pod) => !isTerminating(pod)) ?? pods[0];

/** Pods where there is none, no pods where there should be none, and none that has failed. */
function place(set: DaemonSet, onNode: Map<string, Pod[]>, owned: Pod[], hash: string): Write[] {
  const writes: Write[] = [];
  for (const [node, pods] of onNode) {
    if (pods.length === 0) writes.push(create('pods', podOn(set, node, hash)));
    const kept = first(pods);
    for (const pod of pods)
      if (!isTerminating(pod) && (pod !== kept || isFinished(pod))) writes.push(remove('pods', pod));
  }
  const strays = owned.filter((pod) => !isTerminating(pod) && !onNode.has(targetNode(pod)));
  return [...writes, ...strays.map((pod) => remove('pods', pod))];
}

/** Replaces pods of an older template: those that serve nobody at once, the others as `maxUnavailable` allows. */
function update(
  set: DaemonSet,
  pods: (Pod | undefined)[],
  available: ReadonlySet<Pod>,
  hash: string,
): Write[] {
  if (set.spec?.updateStrategy?.type === 'OnDelete') return [];
  const maximum = set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1;
  let spare = Math.max(1, scaledValue(maximum, pods.length, 'up'));
  const isUp = (pod: Pod | undefined): pod is Pod =>
    pod !== undefined && available.has(pod) && !isTerminating(pod);
  spare -= pods.filter((pod) => !isUp(pod)).length;
  const writes: Write[] = [];
  for (const pod of pods) {
    if (pod === undefined || isTerminating(pod) || isFinished(pod)) continue;
    if (pod.metadata.labels?.[revisionLabel] === hash) continue;
    if (isUp(pod) && spare <= 0) continue;
    if (isUp(pod)) spare -= 1;
    writes.push(remove('pods', pod));
  }
  return writes;
}

function podOn(set: DaemonSet, node: string, hash: string): V1Pod {
  const pod = podOf(set.spec?.template ?? {}, set, {
    labels: {
      [revisionLabel]: hash,
      'pod-template-generation': String(set.metadata.generation ?? 1),
    },
  });
  const expression = { key: 'metadata.name', operator: 'In', values: [node] };
  const terms = { nodeSelectorTerms: [{ matchFields: [expression] }] };
  const { affinity } = pod.spec ?? {};
  pod.spec = {
    ...(pod.spec ?? { containers: [] }),
    affinity: {
      ...affinity,
      nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: terms },
    },
  };
  return pod;
}

/** The node that the pod was made for. */
function targetNode({ spec }: Pod): string {
  const [term] =
    spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return spec?.nodeName ?? term?.matchFields?.[0]?.values?.[0] ?? '';
}

function nodesFor(set: DaemonSet, cluster: Reader): string[] {
  const wanted = Object.entries(set.spec?.template.spec?.nodeSelector ?? {});
  return cluster
    .list('nodes')
    .filter(({ metadata }) => wanted.every(([key, value]) => metadata.labels?.[key] === value))
    .map(({ metadata }) => metadata.name);
}

function statusOf(
  set: DaemonSet,
  pods: (Pod | undefined)[],
  total: number,
  available: ReadonlySet<Pod>,
  hash: string,
): Status {
  const count = (test: (pod: Pod) => boolean): number =>
    pods.filter((pod) => pod !== undefined && !isTerminating(pod) && test(pod)).length;
  const up = count((pod) => available.has(pod));
  const scheduled = count(() => true);
  return {
    currentNumberScheduled: scheduled,
    desiredNumberScheduled: pods.length,
    numberAvailable: up,
    numberMisscheduled: Math.max(0, total - pods.filter((pod) => pod !== undefined).length),
    numberReady: count(isReady),
    ...(pods.length > up && { numberUnavailable: pods.length - up }),
    observedGeneration: set.metadata.generation ?? 0,
    updatedNumberScheduled: count(({ metadata }) => metadata.labels?.[revisionLabel] === hash),
  };
}
