/** A Kubernetes object as the sandbox stores it: plain JSON, shared and therefore frozen. */
import type { V1ObjectMeta } from '../../kube/index.ts';

export type JsonMap = Record<string, unknown>;

/** One object of any kind. `metadata.name` and what else the API server sets may be missing before it is stored. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: V1ObjectMeta;
  [field: string]: unknown;
}

export function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value where it is text, else the empty string, as a Go struct would have it. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A shallow copy without these fields. */
export function without(map: JsonMap, ...fields: readonly string[]): JsonMap {
  return Object.fromEntries(Object.entries(map).filter(([field]) => !fields.includes(field)));
}

/** The map in this field, made where there is none. */
export function mapIn(owner: JsonMap, field: string): JsonMap {
  const value = owner[field];
  if (isMap(value)) return value;
  const made: JsonMap = {};
  owner[field] = made;
  return made;
}

/** The maps in the list of this field; none when there is no such list. */
export function mapsIn(owner: unknown, field: string): JsonMap[] {
  const value = isMap(owner) ? owner[field] : undefined;
  return Array.isArray(value) ? value.filter(isMap) : [];
}

/** A copy of JSON that may be changed. Much cheaper than `structuredClone`, which prepares for cycles and classes. */
export function mutableCopy<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => mutableCopy(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const copy: JsonMap = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) copy[key] = mutableCopy(item);
  return copy as T;
}

/** Freezes what is not frozen yet; a frozen part is taken to be frozen all the way down. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) deepFreeze(item);
  return value;
}

/** Equal as JSON; the order of keys does not count. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  if (!isMap(a) || !isMap(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && sameJson(a[key], b[key]));
}
