/**
 * JSON Patch (RFC 6902), the part of it that this module writes: `add`, `remove`, `replace`, `test`. The API server
 * applies the patches; applying them here as well shows what a workload will look like before anything is changed.
 */

export type PatchOperation =
  { op: 'add' | 'replace' | 'test'; path: string; value: unknown } | { op: 'remove'; path: string };

/** Joins `segments` to a JSON Pointer below `base` (RFC 6901 §3). */
export function pointer(base: string, ...segments: (string | number)[]): string {
  const escaped = segments.map((segment) => String(segment).replaceAll('~', '~0').replaceAll('/', '~1'));
  return [base, ...escaped].join('/');
}

/**
 * Returns `document` changed by `patch`; the argument stays as it is.
 * @throws Error when an operation does not fit the document, as RFC 6902 §5 demands
 */
export function applyPatch<T>(document: T, patch: readonly PatchOperation[]): T {
  const result = structuredClone(document);
  for (const operation of patch) applyOperation(result, operation);
  return result;
}

function applyOperation(document: unknown, operation: PatchOperation): void {
  const segments = operation.path
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  const key = segments.pop();
  if (key === undefined) throw new Error('A patch of the whole document is not supported');
  const parent = segments.reduce((value, segment) => child(value, segment, operation), document);
  if (Array.isArray(parent)) applyToArray(parent, key, operation);
  else applyToObject(asObject(parent, operation), key, operation);
}

function applyToArray(array: unknown[], key: string, operation: PatchOperation): void {
  const index = key === '-' ? array.length : Number(key);
  const limit = operation.op === 'add' ? array.length : array.length - 1;
  if (!Number.isInteger(index) || index < 0 || index > limit) fail(operation, 'no such index');
  if (operation.op === 'remove') array.splice(index, 1);
  else if (operation.op === 'add') array.splice(index, 0, structuredClone(operation.value));
  else if (operation.op === 'replace') array[index] = structuredClone(operation.value);
  else assertEqual(array[index], operation);
}

function applyToObject(object: Record<string, unknown>, key: string, operation: PatchOperation): void {
  if (operation.op !== 'add' && !Object.hasOwn(object, key)) fail(operation, 'no such field');
  if (operation.op === 'test') assertEqual(object[key], operation);
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the key is what the patch names
  else if (operation.op === 'remove') delete object[key];
  else object[key] = structuredClone(operation.value);
}

function child(value: unknown, segment: string, operation: PatchOperation): unknown {
  const found: unknown = Array.isArray(value)
    ? (value as unknown[])[Number(segment)]
    : asObject(value, operation)[segment];
  return found ?? fail(operation, `nothing at "${segment}"`);
}

function asObject(value: unknown, operation: PatchOperation): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) fail(operation, 'not an object');
  return value as Record<string, unknown>;
}

function assertEqual(actual: unknown, operation: PatchOperation & { op: string; value?: unknown }): void {
  if (JSON.stringify(actual) !== JSON.stringify(operation.value)) fail(operation, 'another value');
}

function fail({ op, path }: PatchOperation, reason: string): never {
  throw new Error(`Cannot ${op} ${path}: ${reason}`);
}
