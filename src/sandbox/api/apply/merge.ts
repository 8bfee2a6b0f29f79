/** Puts an applied configuration into the live object, and takes fields out of it that nobody wants any more. */
import { isMap, mutableCopy, type JsonMap } from '../../store/index.ts';
import { partsOf, relationBelow, type FieldNode, type Relation } from './field-set.ts';

/** Items of merged lists keep the live order; new ones come behind, in the order of the configuration. */
export function mergeConfiguration(live: unknown, configuration: unknown, relation: Relation): unknown {
  const parts = partsOf(configuration, relation);
  const present = partsOf(live, relation);
  if (parts === undefined || present === undefined) return mutableCopy(configuration);
  const merged = new Map<string, unknown>(present);
  for (const [edge, part] of parts)
    merged.set(edge, mergeConfiguration(present.get(edge), part, relationBelow(relation, edge)));
  return assemble(merged, relation);
}

/** `value` without the fields of `fields`. A container that becomes empty by that goes too when it is itself in it. */
export function removeFields(value: unknown, fields: FieldNode, relation: Relation): unknown {
  const parts = partsOf(value, relation);
  if (parts === undefined) return fields.member ? undefined : value;
  const rest = new Map(parts);
  for (const [edge, child] of fields.children) {
    if (!parts.has(edge)) continue;
    const part = removeFields(parts.get(edge), child, relationBelow(relation, edge));
    // An item of a list goes as a whole with its keys.
    if (part === undefined || (child.member && edge.startsWith('k:'))) rest.delete(edge);
    else rest.set(edge, part);
  }
  if (rest.size === 0 && (fields.member || fields.children.size > 0)) return undefined;
  return assemble(rest, relation);
}

function assemble(parts: ReadonlyMap<string, unknown>, relation: Relation): unknown {
  if (relation.is === 'set' || relation.is === 'keyed') return [...parts.values()];
  const result: JsonMap = {};
  for (const [edge, part] of parts) result[edge.slice(2)] = part;
  return isMap(result) ? result : {};
}
