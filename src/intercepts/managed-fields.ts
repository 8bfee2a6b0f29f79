/**
 * Who owns a field (server-side apply). A manager that applies puts its value back at its next turn, so its fields are
 * left alone; one that merely updated a field once does not.
 * @see https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
import { FIELD_MANAGER } from '../contract/index.ts';
import type { V1ObjectMeta, V1ServicePort } from '../kube/index.ts';

/** The fields of one manager: nested objects whose keys are `f:name` or `k:{keys of a list's item}`. */
interface FieldSet {
  [key: string]: FieldSet | undefined;
}

/** Returns the manager that applies the `targetPort` of a Service's port, if any. */
export function applierOfTargetPort(
  metadata: V1ObjectMeta | undefined,
  port: V1ServicePort,
): string | undefined {
  return findApplier(metadata, (fields) => {
    const ports = fields['f:spec']?.['f:ports'];
    if (ports === undefined) return false;
    if (isWhole(ports)) return true;
    const entry = Object.entries(ports).find(([key]) => isKeyOf(key, port));
    return entry?.[1]?.['f:targetPort'] !== undefined;
  });
}

/** Returns the managers other than `tp` that apply anything at all of an object. */
export function appliersOf(metadata: V1ObjectMeta | undefined): string[] {
  const appliers = (metadata?.managedFields ?? []).filter(isForeignApply).map(({ manager = '' }) => manager);
  return [...new Set(appliers)];
}

function findApplier(
  metadata: V1ObjectMeta | undefined,
  owns: (fields: FieldSet) => boolean,
): string | undefined {
  const entries = (metadata?.managedFields ?? []).filter(isForeignApply);
  return entries.find(({ fieldsV1 }) => owns((fieldsV1 ?? {}) as FieldSet))?.manager;
}

function isForeignApply({ manager, operation }: { manager?: string; operation?: string }): boolean {
  return operation === 'Apply' && manager !== FIELD_MANAGER;
}

/** A field without anything below it is owned with all that it holds. */
function isWhole(fields: FieldSet): boolean {
  return Object.keys(fields).length === 0;
}

/** A Service's ports are told apart by number and protocol: `k:{"port":80,"protocol":"TCP"}`. */
function isKeyOf(key: string, { port, protocol = 'TCP' }: V1ServicePort): boolean {
  if (!key.startsWith('k:')) return false;
  const keys = JSON.parse(key.slice(2)) as { port?: number; protocol?: string };
  return keys.port === port && (keys.protocol ?? 'TCP') === protocol;
}
