/**
 * Deployment: one ReplicaSet for each version of the template, and the way from the old ones to the new one. What is to
 * be scaled is decided in `rollout.ts`, what is reported in `deployment-status.ts`.
 */
import type { V1PodTemplateSpec, V1ReplicaSet } from '../../kube/index.ts';
import type { Stored } from '../store/cluster-access.ts';
import { mutableCopy, sameJson } from '../store/index.ts';
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
import { deploymentStatus } from './deployment-status.ts';
import { claim, contentHash, controllerReference, isFinished, isTerminating, ownersOf } from './pods.ts';
import { decideScales, maximumReplicas } from './rollout.ts';

export type Deployment = Stored<'deployments.apps'>;
export type ReplicaSet = Stored<'replicasets.apps'>;

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const historyAnnotation = 'deployment.kubernetes.io/revision-history';
const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas';
const maximumAnnotation = 'deployment.kubernetes.io/max-replicas';
const hashLabel = 'pod-template-hash';

/** Annotations of a Deployment that are not its ReplicaSets'. */
const ownAnnotations: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maximumAnnotation,
  'deprecated.deployment.rollback.to',
]);

export const deploymentController: Controller<'deployments.apps'> = {
  name: 'deployment-controller',
  resource: 'deployments.apps',
  concerns: {
    'replicasets.apps': ownersOf('deployments.apps', 'Deployment'),
    // Recreate waits for the last pod of the old version.
    pods: (pod, cluster) => {
      const owner = pod.metadata.ownerReferences?.find(({ kind }) => kind === 'ReplicaSet');
      const namespace = pod.metadata.namespace ?? '';
      const set = owner && cluster.get('replicasets.apps', { namespace, name: owner.name });
      return set === undefined ? [] : ownersOf('deployments.apps', 'Deployment')(set, cluster);
    },
  },

  plan(deployment, cluster, nowMs): Plan {
    const { owned, writes } = claim('replicasets.apps', deployment, cluster);
    const sets = owned.filter((set) => !isTerminating(set)).sort(byAge);
    const current = sets.find((set) => sameTemplate(set, deployment));
    const old = sets.filter((set) => set !== current);
    const { status, againMs } = deploymentStatus(deployment, current, old, nowMs);
    if (!sameJson(deployment.status ?? {}, status))
      writes.push(change('deployments.apps', deployment, (copy) => ({ ...copy, status }), 'status'));
    if (!isTerminating(deployment)) writes.push(...rollOut(deployment, current, old, cluster));
    return { writes, ...(againMs === undefined ? {} : { againMs }) };
  },
};

function rollOut(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: ReplicaSet[],
  cluster: Reader,
): Write[] {
  const isPaused = deployment.spec?.paused === true;
  const waitsForOld =
    deployment.spec?.strategy?.type === 'Recreate' && old.some((set) => hasPods(set, cluster));
  const writes: Write[] = [];
  if (current === undefined && !isPaused && !waitsForOld)
    writes.push(create('replicasets.apps', newReplicaSet(deployment, old, cluster)));
  if (current !== undefined && !isPaused) writes.push(...synchronize(deployment, current, old));
  for (const { set, replicas } of decideScales(deployment, current, old, waitsForOld))
    writes.push(...scale(deployment, set, replicas));
  return [...writes, ...forget(deployment, current, old)];
}

/** The one of this template, with the next revision, of no pods yet: what it may have is decided when it is there. */
function newReplicaSet(deployment: Deployment, old: ReplicaSet[], cluster: Reader): V1ReplicaSet {
  const { namespace = '', name } = deployment.metadata;
  const { template, selector, minReadySeconds } = deployment.spec ?? { selector: {}, template: {} };
  const hash = freeHash(deployment, template, cluster);
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels,
      annotations: { ...inherited(deployment), [revisionAnnotation]: String(lastRevision(old) + 1) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: 0,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** A hash whose name nobody has: another object may be called like it. */
function freeHash(deployment: Deployment, template: V1PodTemplateSpec, cluster: Reader): string {
  const { namespace = '', name } = deployment.metadata;
  for (let collisions = 0; ; collisions += 1) {
    const hash = contentHash(template, collisions);
    if (cluster.get('replicasets.apps', { namespace, name: `${name}-${hash}` }) === undefined) return hash;
  }
}

/** Brings the current ReplicaSet's annotations and the Deployment's revision up to date. */
function synchronize(deployment: Deployment, current: ReplicaSet, old: ReplicaSet[]): Write[] {
  const before = revisionOf(current);
  const revision = String(Math.max(before, lastRevision(old) + 1));
  const writes: Write[] = [];
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  const annotations: Record<string, string> = {
    ...current.metadata.annotations,
    ...inherited(deployment),
    [revisionAnnotation]: revision,
  };
  if (before !== Number(revision) && before > 0) {
    const history = current.metadata.annotations?.[historyAnnotation];
    annotations[historyAnnotation] = [...(history === undefined ? [] : [history]), String(before)].join(',');
  }
  if (
    !sameJson(annotations, current.metadata.annotations) ||
    (current.spec?.minReadySeconds ?? 0) !== minReadySeconds
  )
    writes.push(
      change('replicasets.apps', current, (copy) => {
        copy.metadata.annotations = annotations;
        if (copy.spec !== undefined) copy.spec.minReadySeconds = minReadySeconds;
        return copy;
      }),
    );
  if (deployment.metadata.annotations?.[revisionAnnotation] !== revision)
    writes.push(
      change('deployments.apps', deployment, (copy) => {
        copy.metadata.annotations = { ...copy.metadata.annotations, [revisionAnnotation]: revision };
        return copy;
      }),
    );
  return writes;
}

function scale(deployment: Deployment, set: ReplicaSet, replicas: number): Write[] {
  const before = set.spec?.replicas ?? 1;
  const wanted = String(deployment.spec?.replicas ?? 1);
  const notes = { [desiredAnnotation]: wanted, [maximumAnnotation]: String(maximumReplicas(deployment)) };
  const noted = Object.entries(notes).every(([key, value]) => set.metadata.annotations?.[key] === value);
  if (before === replicas && (noted || replicas === 0)) return [];
  const write = change('replicasets.apps', set, (copy) => {
    copy.metadata.annotations = { ...copy.metadata.annotations, ...notes };
    if (copy.spec !== undefined) copy.spec.replicas = replicas;
    return copy;
  });
  if (before === replicas) return [write];
  const message = `Scaled ${replicas > before ? 'up' : 'down'} replica set ${set.metadata.name} from ${String(before)} to ${String(replicas)}`;
  return [write, report(deployment, 'Normal', 'ScalingReplicaSet', message)];
}

/** Removes the oldest of those that are not needed to go back; only once the rollout is complete. */
function forget(deployment: Deployment, current: ReplicaSet | undefined, old: ReplicaSet[]): Write[] {
  const limit = deployment.spec?.revisionHistoryLimit ?? 10;
  const isComplete =
    current !== undefined && (current.status?.availableReplicas ?? 0) >= (deployment.spec?.replicas ?? 1);
  if (!isComplete) return [];
  const unused = old.filter((set) => set.spec?.replicas === 0 && (set.status?.replicas ?? 0) === 0);
  return [...unused]
    .sort((a, b) => revisionOf(a) - revisionOf(b))
    .slice(0, Math.max(0, unused.length - limit))
    .map((set) => remove('replicasets.apps', set));
}

function hasPods(set: ReplicaSet, cluster: Reader): boolean {
  const namespace = set.metadata.namespace ?? '';
  return cluster
    .list('pods', { namespace })
    .some(
      (pod) =>
        !isFinished(pod) &&
        pod.metadata.ownerReferences?.some(({ uid }) => uid === set.metadata.uid) === true,
    );
}

function sameTemplate(set: ReplicaSet, deployment: Deployment): boolean {
  const template = mutableCopy(set.spec?.template ?? {});
  delete template.metadata?.labels?.[hashLabel];
  return sameJson(template, mutableCopy(deployment.spec?.template ?? {}));
}

function inherited({ metadata }: Deployment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata.annotations ?? {}).filter(([key]) => !ownAnnotations.has(key)),
  );
}

function revisionOf({ metadata }: ReplicaSet): number {
  return Number(metadata.annotations?.[revisionAnnotation] ?? 0);
}

function lastRevision(sets: readonly ReplicaSet[]): number {
  return Math.max(0, ...sets.map(revisionOf));
}

function byAge(a: ReplicaSet, b: ReplicaSet): number {
  return (
    Date.parse(a.metadata.creationTimestamp ?? '') - Date.parse(b.metadata.creationTimestamp ?? '') ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  );
}
