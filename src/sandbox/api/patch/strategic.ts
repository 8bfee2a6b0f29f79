/**
 * Strategic merge patches: merge patches that know which lists are merged by a key, with the directives `$patch`,
 * `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…`.
 */
import { isMap, mutableCopy, sameJson, textOf, type JsonMap } from '../../store/index.ts';
import { structType, type Field, type TypeReference } from '../schema/schema.ts';

const order = '$setElementOrder/';
const removal = '$deleteFromPrimitiveList/';

/** @param type the table's name of the type of `target` */
export function applyStrategicPatch(target: JsonMap, patch: JsonMap, type: string): JsonMap {
  return mergeStruct(target, patch, { is: 'struct', name: type });
}

function mergeStruct(target: JsonMap, patch: JsonMap, type: TypeReference): JsonMap {
  if (patch['$patch'] === 'replace') return cleaned(patch);
  if (patch['$patch'] === 'delete') return {};
  const retained = patch['$retainKeys'];
  const result: JsonMap = Array.isArray(retained)
    ? Object.fromEntries(Object.entries(target).filter(([key]) => retained.includes(key)))
    : { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue;
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = mergeValue(result[key], value, fieldOf(type, key), patch, key);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(removal) && Array.isArray(value)) {
      const field = key.slice(removal.length);
      const list = result[field];
      if (Array.isArray(list)) result[field] = list.filter((item) => !value.includes(item));
    }
    if (key.startsWith(order) && Array.isArray(value)) {
      const field = key.slice(order.length);
      const list = result[field];
      if (Array.isArray(list)) result[field] = reorder(list, value, fieldOf(type, field)?.mergeKey);
    }
  }
  return result;
}

function mergeValue(
  target: unknown,
  value: unknown,
  field: Field | undefined,
  patch: JsonMap,
  key: string,
): unknown {
  const type = field?.type;
  const into = isMap(target) ? target : {};
  if (isMap(value))
    return mergeStruct(into, value, type ?? { is: 'map', of: { is: 'scalar', scalar: 'any' } });
  if (!Array.isArray(value)) return value;
  if (field?.patch.includes('merge') !== true) return mutableCopy(value);
  const list: unknown[] = Array.isArray(target) ? target : [];
  if (field.mergeKey === undefined) {
    const missing = value.filter((item: unknown) => !list.includes(item)) as unknown[];
    return patch[`${removal}${key}`] === undefined || missing.length > 0 ? [...list, ...missing] : list;
  }
  return mergeList(list, value, field.mergeKey, itemType(field.type));
}

function mergeList(
  list: readonly unknown[],
  patch: readonly unknown[],
  key: string,
  type: TypeReference,
): unknown[] {
  const directives = patch.filter(
    (item) => isMap(item) && item['$patch'] === 'replace' && Object.keys(item).length === 1,
  );
  let result: unknown[] = directives.length > 0 ? [] : [...list];
  for (const item of patch) {
    if (!isMap(item) || directives.includes(item)) continue;
    const same = (other: unknown): boolean => isMap(other) && sameJson(other[key], item[key]);
    if (item['$patch'] === 'delete') {
      result = result.filter((other) => !same(other));
      continue;
    }
    const index = result.findIndex(same);
    const old = result[index];
    const merged = mergeStruct(isMap(old) ? old : {}, item, type);
    if (index < 0) result.push(merged);
    else result[index] = merged;
  }
  return result;
}

/** What the order names comes in that order; what it does not name stays behind what it stood behind. */
function reorder(list: readonly unknown[], wanted: readonly unknown[], key: string | undefined): unknown[] {
  const place = (item: unknown): number =>
    wanted.findIndex((other) =>
      key === undefined ? other === item : isMap(other) && isMap(item) && sameJson(other[key], item[key]),
    );
  let last = -1;
  const placed = list.map((item, index) => {
    const own = place(item);
    if (own >= 0) last = own;
    return { item, rank: own >= 0 ? own : last + 0.5, index };
  });
  return placed.sort((a, b) => a.rank - b.rank || a.index - b.index).map(({ item }) => item);
}

function cleaned(patch: JsonMap): JsonMap {
  return Object.fromEntries(
    Object.entries(patch).filter(([key, value]) => !key.startsWith('$') && value !== null),
  );
}

function fieldOf(type: TypeReference, name: string): Field | undefined {
  if (type.is === 'struct') return structType(type.name).fields.get(name);
  if (type.is === 'map') return { name, type: type.of, patch: [], present: false, pointer: true };
  return undefined;
}

function itemType(type: TypeReference): TypeReference {
  return type.is === 'list' ? type.of : type;
}

/** The reason that a patch cannot be applied to this object, where it names another. */
export function otherKind(target: JsonMap, patch: JsonMap): string | undefined {
  for (const field of ['apiVersion', 'kind'])
    if (patch[field] !== undefined && textOf(patch[field]) !== textOf(target[field])) return field;
  return undefined;
}
