/** JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386). */
import { badRequest, isMap, mutableCopy, refusal, sameJson, type JsonMap } from '../../store/index.ts';

/** Operations of one patch, as many as Kubernetes allows. */
export const maximumOperations = 10_000;

/** Changes `document` in place where it can and returns it. @throws {ApiError} 400 or 422 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list of operations');
  if (patch.length > maximumOperations)
    throw refusal(
      413,
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${maximumOperations}, got ${patch.length}`,
    );
  // A root of its own, so that the whole document has a place too.
  const root: JsonMap = { document };
  for (const operation of patch) {
    if (!isMap(operation)) throw badRequest('an operation of a JSON patch is an object');
    apply(root, operation);
  }
  return root['document'];
}

function apply(root: JsonMap, operation: JsonMap): void {
  const { op, value } = operation;
  const path = pointer(operation['path']);
  switch (op) {
    case 'add':
      add(root, path, mutableCopy(value));
      break;
    case 'remove':
      remove(root, path);
      break;
    case 'replace':
      remove(root, path);
      add(root, path, mutableCopy(value));
      break;
    case 'move':
      add(root, path, remove(root, pointer(operation['from'])));
      break;
    case 'copy':
      add(root, path, mutableCopy(find(root, pointer(operation['from']))));
      break;
    case 'test':
      if (!sameJson(find(root, path), value))
        throw failed(`testing path ${String(operation['path'])} failed`);
      break;
    default:
      throw badRequest(`unexpected kind of operation: ${JSON.stringify(op)}`);
  }
}

function pointer(text: unknown): string[] {
  if (typeof text !== 'string' || (text !== '' && !text.startsWith('/')))
    throw badRequest(`invalid JSON pointer: ${JSON.stringify(text)}`);
  const keys = text.split('/').slice(1);
  return ['document', ...keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))];
}

const failed = (why: string): Error =>
  refusal(422, 'Invalid', `the server rejected our request due to an error in our request: ${why}`);

function find(root: JsonMap, path: readonly string[]): unknown {
  let value: unknown = root;
  for (const key of path) {
    const next: unknown = Array.isArray(value)
      ? value[index(key, value.length - 1)]
      : isMap(value)
        ? value[key]
        : undefined;
    if (next === undefined) throw failed(`missing path: /${path.slice(1).join('/')}`);
    value = next;
  }
  return value;
}

function add(root: JsonMap, path: readonly string[], value: unknown): void {
  const owner = find(root, path.slice(0, -1));
  const key = path.at(-1) ?? '';
  if (Array.isArray(owner)) owner.splice(key === '-' ? owner.length : index(key, owner.length), 0, value);
  else if (isMap(owner)) owner[key] = value;
  else throw failed(`add operation does not apply: /${path.slice(1).join('/')}`);
}

function remove(root: JsonMap, path: readonly string[]): unknown {
  const value = find(root, path);
  const owner = find(root, path.slice(0, -1));
  const key = path.at(-1) ?? '';
  if (Array.isArray(owner)) owner.splice(index(key, owner.length - 1), 1);
  else if (isMap(owner)) Reflect.deleteProperty(owner, key);
  return value;
}

function index(key: string, last: number): number {
  const number = /^(?:0|[1-9]\d*)$/.test(key) ? Number(key) : -1;
  if (number < 0 || number > last) throw failed(`unable to access invalid index: ${key}`);
  return number;
}

/** `null` removes a field; lists are replaced. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return mutableCopy(patch);
  const result: JsonMap = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = applyMergePatch(result[key], value);
  }
  return result;
}
