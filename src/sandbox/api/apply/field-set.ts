/**
 * Sets of fields of an object, as `managedFields` carries them (`fieldsV1`): a tree whose edges are `f:<field>`,
 * `k:<keys of a list item>`, `v:<value of a set item>`. A node may itself be in the set (`.`).
 */
import { isMap, type JsonMap } from '../../store/index.ts';
import { structType, type TypeReference, type Field } from '../schema/schema.ts';

export interface FieldNode {
  member: boolean;
  children: Map<string, FieldNode>;
}

export function emptyNode(member = false): FieldNode {
  return { member, children: new Map() };
}

export function isEmpty(node: FieldNode): boolean {
  return !node.member && node.children.size === 0;
}

export function readFields(fields: unknown): FieldNode {
  const node = emptyNode();
  if (!isMap(fields)) return node;
  for (const [key, value] of Object.entries(fields)) {
    if (key === '.') {
      node.member = true;
      continue;
    }
    const child = readFields(value);
    if (child.children.size === 0) child.member = true;
    node.children.set(key, child);
  }
  return node;
}

export function writeFields(node: FieldNode): JsonMap {
  const result: JsonMap = {};
  if (node.member && node.children.size > 0) result['.'] = {};
  for (const [key, child] of [...node.children].sort(([a], [b]) => (a < b ? -1 : 1)))
    result[key] = writeFields(child);
  return result;
}

/** How a value of this type, in this field, is taken: as one, or field by field, or item by item. */
export type Relation =
  | { is: 'leaf' }
  | { is: 'struct'; name: string }
  | { is: 'map'; of: TypeReference }
  | { is: 'set' }
  | { is: 'keyed'; keys: readonly string[]; of: TypeReference };

export function relationOf(type: TypeReference, field?: Field): Relation {
  if (field?.relation === 'atomic') return { is: 'leaf' };
  switch (type.is) {
    case 'scalar':
      return { is: 'leaf' };
    case 'struct':
      return structType(type.name).atomic ? { is: 'leaf' } : { is: 'struct', name: type.name };
    case 'map':
      return { is: 'map', of: type.of };
    case 'list':
      if (field?.relation === 'set') return { is: 'set' };
      if (typeof field?.relation === 'object') return { is: 'keyed', keys: field.relation.keys, of: type.of };
      return { is: 'leaf' };
  }
}

/** The relation of what lies below `edge`. */
export function relationBelow(relation: Relation, edge: string): Relation {
  if (relation.is === 'struct') {
    const field = structType(relation.name).fields.get(edge.slice(2));
    return field === undefined ? { is: 'leaf' } : relationOf(field.type, field);
  }
  if (relation.is === 'map' || relation.is === 'keyed') return relationOf(relation.of);
  return { is: 'leaf' };
}

/** What server-side apply assumes of a key that an item leaves out. */
const keyDefaults: Readonly<Record<string, unknown>> = { protocol: 'TCP' };

export function itemEdge(item: unknown, keys: readonly string[]): string {
  const map = isMap(item) ? item : {};
  const own: JsonMap = {};
  for (const key of [...keys].sort()) own[key] = map[key] ?? keyDefaults[key] ?? null;
  return `k:${JSON.stringify(own)}`;
}

/** The parts of a value, by their edges; undefined when it is taken as one. */
export function partsOf(value: unknown, relation: Relation): Map<string, unknown> | undefined {
  switch (relation.is) {
    case 'leaf':
      return undefined;
    case 'struct':
    case 'map':
      if (!isMap(value)) return undefined;
      return new Map(Object.entries(value).map(([key, part]) => [`f:${key}`, part]));
    case 'set':
      return Array.isArray(value)
        ? new Map(value.map((part: unknown) => [`v:${JSON.stringify(part)}`, part]))
        : undefined;
    case 'keyed':
      return Array.isArray(value)
        ? new Map(value.map((part: unknown) => [itemEdge(part, relation.keys), part]))
        : undefined;
  }
}

/** All fields of a value that somebody applies. */
export function fieldsOf(value: unknown, relation: Relation): FieldNode {
  const parts = partsOf(value, relation);
  if (parts === undefined || parts.size === 0) return emptyNode(true);
  const node = emptyNode();
  for (const [edge, part] of parts) {
    const child = fieldsOf(part, relationBelow(relation, edge));
    if (edge.startsWith('k:')) child.member = true;
    node.children.set(edge, child);
  }
  return node;
}

export function union(a: FieldNode, b: FieldNode): FieldNode {
  const node: FieldNode = { member: a.member || b.member, children: new Map(a.children) };
  for (const [edge, child] of b.children) {
    const own = a.children.get(edge);
    node.children.set(edge, own === undefined ? child : union(own, child));
  }
  return node;
}

/** What is in `a` and not in `b`. */
export function difference(a: FieldNode, b: FieldNode): FieldNode {
  const node = emptyNode(a.member && !b.member);
  for (const [edge, child] of a.children) {
    const other = b.children.get(edge);
    const rest = other === undefined ? child : difference(child, other);
    if (!isEmpty(rest)) node.children.set(edge, rest);
  }
  return node;
}

export function intersection(a: FieldNode, b: FieldNode): FieldNode {
  const node = emptyNode(a.member && b.member);
  for (const [edge, child] of a.children) {
    const other = b.children.get(edge);
    if (other === undefined) continue;
    const both = intersection(child, other);
    if (!isEmpty(both)) node.children.set(edge, both);
  }
  return node;
}

/** Each member as conflicts name it: `.spec.containers[name="app"].image`. */
export function pathsOf(node: FieldNode, path = ''): string[] {
  const below = [...node.children].flatMap(([edge, child]) => pathsOf(child, path + edgeText(edge)));
  return node.member ? [path, ...below] : below;
}

function edgeText(edge: string): string {
  const text = edge.slice(2);
  if (edge.startsWith('f:')) return `.${text}`;
  if (edge.startsWith('v:')) return `[=${text}]`;
  const keys = JSON.parse(text) as JsonMap;
  return `[${Object.entries(keys)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')}]`;
}
