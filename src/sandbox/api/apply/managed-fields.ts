/** `metadata.managedFields`: who last wrote which field of an object, kept up to date at every write. */
import { type KubeObject } from '../../store/index.ts';
import type { FieldTracker } from '../registry.ts';
import { apiVersionOf } from '../resources.ts';
import { compare } from './compare.ts';
import {
  difference,
  emptyNode,
  isEmpty,
  readFields,
  union,
  writeFields,
  type FieldNode,
  type Relation,
} from './field-set.ts';

export type Entries = NonNullable<KubeObject['metadata']['managedFields']>;

/** Fields that belong to nobody: names, and what the server sets by itself. */
const unowned: FieldNode = readFields({
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': Object.fromEntries(
    [
      'name',
      'namespace',
      'creationTimestamp',
      'selfLink',
      'uid',
      'resourceVersion',
      'generation',
      'managedFields',
      'deletionTimestamp',
      'deletionGracePeriodSeconds',
    ].map((field) => [`f:${field}`, {}]),
  ),
});

/** Without what belongs to nobody. */
export function owned(fields: FieldNode): FieldNode {
  const rest = difference(fields, unowned);
  const metadata = rest.children.get('f:metadata');
  if (metadata === undefined) return rest;
  metadata.member = false;
  if (isEmpty(metadata)) rest.children.delete('f:metadata');
  return rest;
}

/** Notes an ordinary write: what it changed is the writer's, and no longer anybody else's. */
export const trackFields: FieldTracker = (definition, object, old, options, time) => {
  if (options.apply === true) return;
  const { manager, subresource } = options;
  const relation: Relation = { is: 'struct', name: definition.type };
  const { changed, removed } = compare(
    old ?? { apiVersion: '', kind: '', metadata: {}, spec: {}, status: {} },
    object,
    relation,
  );
  const mine = owned(changed);
  const lost = union(mine, removed);
  const sent = object.metadata.managedFields;
  // A writer that sends an empty list asks for it to be forgotten; one that sends none does not know of it.
  const before = sent?.length === 0 ? [] : (old?.metadata.managedFields ?? []);
  const entries =
    isEmpty(mine) && isEmpty(owned(removed)) ? before : before.flatMap((entry) => rest(entry, lost));
  const isMine = (entry: Entries[number]): boolean =>
    entry.manager === manager &&
    entry.operation === 'Update' &&
    (entry.subresource ?? '') === (subresource ?? '');
  const own = entries.find(isMine);
  object.metadata.managedFields = entries;
  if (isEmpty(mine)) return;
  const fields = union(own === undefined ? emptyNode() : readFields(own.fieldsV1), mine);
  object.metadata.managedFields = [
    ...entries.filter((entry) => entry !== own),
    {
      manager,
      operation: 'Update',
      apiVersion: apiVersionOf(definition),
      time,
      fieldsType: 'FieldsV1',
      fieldsV1: writeFields(fields),
      ...(subresource === undefined ? {} : { subresource }),
    },
  ];
};

/** The entry without these fields; nothing when none are left. */
export function rest(entry: Entries[number], lost: FieldNode): Entries {
  const fields = readFields(entry.fieldsV1);
  const left = difference(fields, lost);
  return isEmpty(left) ? [] : [{ ...entry, fieldsV1: writeFields(left) }];
}
