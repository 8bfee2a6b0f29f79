/** What became of an object: the fields that are there now and were not, are other than they were, or are gone. */
import { sameJson } from '../../store/index.ts';
import { emptyNode, isEmpty, partsOf, relationBelow, type FieldNode, type Relation } from './field-set.ts';

export interface Comparison {
  /** Added or modified. */
  changed: FieldNode;
  removed: FieldNode;
}

export function compare(before: unknown, after: unknown, relation: Relation): Comparison {
  if (before === undefined && after === undefined) return { changed: emptyNode(), removed: emptyNode() };
  if (before === undefined) return { changed: whole(after, relation), removed: emptyNode() };
  if (after === undefined) return { changed: emptyNode(), removed: whole(before, relation) };
  const [old, now] = [partsOf(before, relation), partsOf(after, relation)];
  if (old === undefined || now === undefined)
    return { changed: emptyNode(!sameJson(before, after)), removed: emptyNode() };
  const result: Comparison = { changed: emptyNode(), removed: emptyNode() };
  for (const edge of new Set([...old.keys(), ...now.keys()])) {
    const part = compare(old.get(edge), now.get(edge), relationBelow(relation, edge));
    if (!isEmpty(part.changed)) result.changed.children.set(edge, part.changed);
    if (!isEmpty(part.removed)) result.removed.children.set(edge, part.removed);
  }
  return result;
}

/** Everything of a value that was not there before: its containers count as written too. */
function whole(value: unknown, relation: Relation): FieldNode {
  const parts = partsOf(value, relation);
  if (parts === undefined || parts.size === 0) return emptyNode(true);
  const node = emptyNode(true);
  for (const [edge, part] of parts) node.children.set(edge, whole(part, relationBelow(relation, edge)));
  return node;
}
