/** What all controllers of pods ask of a pod, and how they make one. */
import { createHash } from 'node:crypto';
import type {
  KubernetesObject,
  V1LabelSelector,
  V1OwnerReference,
  V1Pod,
  V1PodTemplateSpec,
} from '../../kube/index.ts';
import type { ObjectReference, ResourceName, Stored } from '../store/cluster-access.ts';
import { selectorMatches } from '../store/index.ts';
import { change, type Reader, type Write } from './controller.ts';

export type Pod = Stored<'pods'>;

export function isReady(pod: V1Pod): boolean {
  return readyCondition(pod)?.status === 'True';
}

function readyCondition({ status }: V1Pod): { status: string; sinceMs: number } | undefined {
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  return condition && { status: condition.status, sinceMs: Date.parse(condition.lastTransitionTime ?? '') };
}

/** Milliseconds until the pod has been ready for `minReadySeconds`: 0 for one that has, undefined for one not ready. */
export function availableInMs(pod: V1Pod, minReadySeconds: number, nowMs: number): number | undefined {
  const condition = readyCondition(pod);
  if (condition?.status !== 'True') return undefined;
  if (minReadySeconds === 0) return 0;
  return Math.max(0, condition.sinceMs + minReadySeconds * 1_000 - nowMs);
}

/** When the Ready condition last changed. */
export function readySinceMs(pod: V1Pod): number {
  return readyCondition(pod)?.sinceMs ?? 0;
}

export function isTerminating({ metadata }: KubernetesObject): boolean {
  return metadata?.deletionTimestamp !== undefined;
}

/** All of its containers have ended for good. */
export function isFinished({ status }: V1Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** It runs or may run. */
export function isActive(pod: V1Pod): boolean {
  return !isTerminating(pod) && !isFinished(pod);
}

export function controllerOf({ metadata }: KubernetesObject): V1OwnerReference | undefined {
  return metadata?.ownerReferences?.find(({ controller }) => controller === true);
}

export function controllerReference(owner: KubernetesObject): V1OwnerReference {
  return {
    apiVersion: owner.apiVersion ?? '',
    kind: owner.kind ?? '',
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

interface Selecting extends KubernetesObject {
  spec?: { selector?: V1LabelSelector };
}

type OwnedResource = 'pods' | 'replicasets.apps';

/**
 * The objects that `owner` controls, and the writes that adopt those without a controller that its selector matches and
 * let go of those that it no longer matches. An owner that is being deleted adopts nothing.
 */
export function claim<R extends OwnedResource>(
  resource: R,
  owner: Selecting,
  cluster: Reader,
): { owned: Stored<R>[]; writes: Write[] } {
  const namespace = owner.metadata?.namespace ?? '';
  const uid = owner.metadata?.uid;
  const owned: Stored<R>[] = [];
  const writes: Write[] = [];
  for (const object of cluster.list(resource, { namespace })) {
    const matches = selectorMatches(owner.spec?.selector, object.metadata.labels);
    const controller = controllerOf(object);
    if (controller?.uid === uid) {
      if (matches) owned.push(object);
      else if (!isTerminating(owner)) writes.push(withOwners(resource, object, (all) => drop(all, uid)));
    } else if (controller === undefined && matches && !isTerminating(object) && !isTerminating(owner)) {
      writes.push(withOwners(resource, object, (all) => [...drop(all, uid), controllerReference(owner)]));
      owned.push(object);
    }
  }
  return { owned, writes };
}

const drop = (references: V1OwnerReference[], uid: string | undefined): V1OwnerReference[] =>
  references.filter((reference) => reference.uid !== uid);

function withOwners<R extends OwnedResource>(
  resource: R,
  object: Stored<R>,
  edit: (references: V1OwnerReference[]) => V1OwnerReference[],
): Write {
  return change(resource, object, (copy) => {
    copy.metadata.ownerReferences = edit(copy.metadata.ownerReferences ?? []);
    return copy;
  });
}

/** From a pod, or ReplicaSet, to those of `resource` that it concerns: its controller, or all that would adopt it. */
export function ownersOf(
  resource: ResourceName,
  kind: string,
): (object: KubernetesObject, cluster: Reader) => ObjectReference[] {
  return (object, cluster) => {
    const namespace = object.metadata?.namespace ?? '';
    const controller = controllerOf(object);
    if (controller !== undefined)
      return controller.kind === kind ? [{ namespace, name: controller.name }] : [];
    return cluster
      .list(resource, { namespace })
      .filter((owner) => selectorMatches((owner as Selecting).spec?.selector, object.metadata?.labels))
      .map(({ metadata: { name } }) => ({ namespace, name }));
  };
}

/** A pod made of `template` that `owner` controls. Its name comes of the owner's where none is given. */
export function podOf(
  template: V1PodTemplateSpec,
  owner: KubernetesObject,
  more: { name?: string; labels?: Record<string, string>; annotations?: Record<string, string> } = {},
): V1Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const allAnnotations = { ...annotations, ...more.annotations };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(more.name === undefined ? { generateName: `${owner.metadata?.name ?? ''}-` } : { name: more.name }),
      namespace: owner.metadata?.namespace ?? '',
      labels: { ...labels, ...more.labels },
      ...(Object.keys(allAnnotations).length === 0 ? {} : { annotations: allAnnotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReference(owner)],
    },
    ...(template.spec === undefined ? {} : { spec: template.spec }),
  };
}

/** Letters and digits that cannot form a word: those that Kubernetes makes names of. */
const safeLetters = 'bcdfghjklmnpqrstvwxz2456789';

/** Ten letters that stand for this content, whatever the order of its keys. */
export function contentHash(...content: unknown[]): string {
  const digest = createHash('sha256').update(JSON.stringify(content, sortedKeys)).digest();
  return [...digest.subarray(0, 10)].map((byte) => safeLetters[byte % safeLetters.length]).join('');
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `25%` of `total`, or the number itself. */
export function scaledValue(value: number | string | undefined, total: number, round: 'up' | 'down'): number {
  if (typeof value !== 'string') return value ?? 0;
  const exact = (Number.parseInt(value, 10) * total) / 100;
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact);
}

/** The smallest of the waits; undefined when there is none. */
export function soonest(waits: readonly (number | undefined)[]): number | undefined {
  const given = waits.filter((wait) => wait !== undefined && wait > 0) as number[];
  return given.length === 0 ? undefined : Math.min(...given);
}
