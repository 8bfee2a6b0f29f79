/**
 * What is particular to a resource when it is written: what the server sets, and what a writer cannot. The order is
 * Kubernetes': prepare, defaults, admission, validation.
 */
import { mapIn, mapsIn, mutableCopy, sameJson, type JsonMap, type KubeObject } from '../store/index.ts';
import { randomUUID } from 'node:crypto';
import type { ResourceDefinition } from './resources.ts';
import { qosClass } from './pod-admission.ts';

/** Resources whose spec has a `generation` that counts its changes. */
const counted: ReadonlySet<string> = new Set([
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
  'mutatingwebhookconfigurations.admissionregistration.k8s.io',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
]);

export function hasStatus(definition: ResourceDefinition): boolean {
  return definition.subresources.some(({ name }) => name === 'status');
}

/** Sets what a new object starts with. `metadata` has been filled in. */
export function prepareCreate(definition: ResourceDefinition, object: KubeObject): void {
  if (hasStatus(definition) && definition.plural !== 'nodes') delete object['status'];
  if (counted.has(definition.key)) object.metadata.generation = 1;
  switch (definition.key) {
    case 'pods':
      object['status'] = { phase: 'Pending' };
      break;
    case 'services':
      object['status'] = { loadBalancer: {} };
      break;
    case 'namespaces':
      object['status'] = { phase: 'Active' };
      break;
    case 'jobs.batch':
      selectJobPods(object);
      break;
    default:
      if (hasStatus(definition)) object['status'] ??= {};
  }
}

/** Once admission is done. */
export function finishCreate(definition: ResourceDefinition, object: KubeObject): void {
  if (definition.key === 'pods') mapIn(object, 'status')['qosClass'] = qosClass(object);
}

/** Takes from `object` only what a write to this subresource, or to the object itself, may change of `old`. */
export function prepareUpdate(
  definition: ResourceDefinition,
  object: KubeObject,
  old: KubeObject,
  subresource: string | undefined,
): KubeObject {
  const next = restrict(definition, object, old, subresource);
  const { metadata } = next;
  for (const field of serverFields) {
    if (old.metadata[field] === undefined) Reflect.deleteProperty(metadata, field);
    else Object.assign(metadata, { [field]: old.metadata[field] });
  }
  if (metadata.ownerReferences?.length === 0) delete metadata.ownerReferences;
  if (metadata.finalizers?.length === 0) delete metadata.finalizers;
  if (counted.has(definition.key) && !sameJson(desired(next), desired(old)))
    metadata.generation = (old.metadata.generation ?? 0) + 1;
  return next;
}

const serverFields = [
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'namespace',
  'name',
  'generateName',
] as const;

function restrict(
  definition: ResourceDefinition,
  object: KubeObject,
  old: KubeObject,
  subresource: string | undefined,
): KubeObject {
  switch (subresource) {
    case 'status': {
      const metadata = { ...old.metadata, managedFields: object.metadata.managedFields ?? [] };
      return { ...old, metadata, status: object['status'] ?? {} };
    }
    case 'ephemeralcontainers': {
      const next = mutableCopy(old);
      mapIn(next, 'spec')['ephemeralContainers'] = mapsIn(object['spec'], 'ephemeralContainers');
      return next;
    }
    case 'binding': {
      const next = mutableCopy(old);
      mapIn(next, 'spec')['nodeName'] = mapIn(object, 'spec')['nodeName'];
      return { ...next, status: object['status'] };
    }
    case 'finalize': {
      const next = mutableCopy(old);
      mapIn(next, 'spec')['finalizers'] = mapIn(object, 'spec')['finalizers'] ?? [];
      return next;
    }
    default:
      if (!hasStatus(definition)) return object;
      if (definition.key === 'namespaces')
        mapIn(object, 'spec')['finalizers'] = mapIn({ ...old }, 'spec')['finalizers'];
      if (old['status'] === undefined) delete object['status'];
      else object['status'] = old['status'];
      return object;
  }
}

/** What the generation counts: all but metadata and status. */
function desired(object: KubeObject): JsonMap {
  const rest: JsonMap = { ...object };
  delete rest['metadata'];
  delete rest['status'];
  return rest;
}

/** A Job that brings no selector gets one of its own, so that it never takes another's pods. */
function selectJobPods(job: KubeObject): void {
  const spec = mapIn(job, 'spec');
  if (spec['manualSelector'] === true) return;
  const uid = job.metadata.uid ?? randomUUID();
  const name = job.metadata.name ?? '';
  spec['selector'] = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
  const labels = mapIn(mapIn(mapIn(spec, 'template'), 'metadata'), 'labels');
  Object.assign(labels, {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  });
}
