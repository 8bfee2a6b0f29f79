/** Server-side apply: a manager says what it wants of an object; what others want of it stays theirs. */
import { mutableCopy, refusal, type KubeObject } from '../../store/index.ts';
import { apiVersionOf, type ResourceDefinition } from '../resources.ts';
import { compare } from './compare.ts';
import {
  difference,
  fieldsOf,
  intersection,
  isEmpty,
  pathsOf,
  readFields,
  union,
  writeFields,
  emptyNode,
  type FieldNode,
  type Relation,
} from './field-set.ts';
import { owned, rest, type Entries } from './managed-fields.ts';
import { mergeConfiguration, removeFields } from './merge.ts';

export interface ApplyOptions {
  manager: string;
  /** Takes fields from other managers instead of refusing. */
  force: boolean;
  /** RFC 3339. */
  time: string;
  subresource?: string;
}

/**
 * The object as `manager` wants it, with its `managedFields`.
 * @throws {ApiError} 409 that names each field that somebody else set to something else
 */
export function applyConfiguration(
  definition: ResourceDefinition,
  live: KubeObject | undefined,
  configuration: KubeObject,
  options: ApplyOptions,
): KubeObject {
  const relation: Relation = { is: 'struct', name: definition.type };
  const entries = live?.metadata.managedFields ?? [];
  const isMine = (entry: Entries[number]): boolean =>
    entry.manager === options.manager &&
    entry.operation === 'Apply' &&
    (entry.subresource ?? '') === (options.subresource ?? '');
  const mine = entries.find(isMine);
  const others = entries.filter((entry) => entry !== mine);
  const wanted = owned(fieldsOf(configuration, relation));
  const start: KubeObject = live ?? {
    apiVersion: configuration.apiVersion,
    kind: configuration.kind,
    metadata: {},
  };
  const merged = mergeConfiguration(start, configuration, relation);
  const { changed } = compare(start, merged, relation);
  if (!options.force) refuseConflicts(others, changed);
  const kept = others.flatMap((entry) => rest(entry, onlyMembers(changed)));
  const given = difference(readFields(mine?.fieldsV1), wanted);
  const elsewhere = kept.reduce<FieldNode>(
    (all, entry) => union(all, readFields(entry.fieldsV1)),
    emptyNode(),
  );
  const dropped = difference(given, elsewhere);
  // The live object's parts are frozen; what comes next fills in defaults.
  const object = mutableCopy(
    isEmpty(dropped) ? merged : removeFields(merged, dropped, relation),
  ) as KubeObject;
  return {
    ...object,
    metadata: {
      ...object.metadata,
      managedFields: [
        {
          manager: options.manager,
          operation: 'Apply',
          apiVersion: apiVersionOf(definition),
          time: options.time,
          fieldsType: 'FieldsV1',
          fieldsV1: writeFields(wanted),
          ...(options.subresource === undefined ? {} : { subresource: options.subresource }),
        },
        ...kept,
      ],
    },
  };
}

/** A container that was added is no reason to take it from those who have parts of it. */
function onlyMembers(fields: FieldNode): FieldNode {
  return {
    member: fields.member && fields.children.size === 0,
    children: new Map([...fields.children].map(([edge, child]) => [edge, onlyMembers(child)])),
  };
}

function refuseConflicts(others: Entries, changed: FieldNode): void {
  const conflicts = others.flatMap((entry) => {
    const paths = pathsOf(intersection(readFields(entry.fieldsV1), changed));
    return paths.length === 0 ? [] : [{ entry, paths }];
  });
  if (conflicts.length === 0) return;
  const total = conflicts.reduce((sum, { paths }) => sum + paths.length, 0);
  const texts = conflicts.map(({ entry, paths }) => {
    const part =
      entry.subresource === undefined ? '' : ` with subresource ${JSON.stringify(entry.subresource)}`;
    const who = `${JSON.stringify(entry.manager)}${part} using ${entry.apiVersion ?? ''}`;
    return paths.length === 1
      ? `conflict with ${who}: ${String(paths[0])}`
      : `conflicts with ${who}:\n${paths.map((path) => `- ${path}`).join('\n')}`;
  });
  const noun = total === 1 ? 'conflict' : 'conflicts';
  throw refusal(409, 'Conflict', `Apply failed with ${total} ${noun}: ${texts.join('\n')}`, {
    causes: conflicts.flatMap(({ entry, paths }) =>
      paths.map((field) => ({
        reason: 'FieldManagerConflict',
        message: `conflict with ${JSON.stringify(entry.manager)} using ${entry.apiVersion ?? ''}`,
        field,
      })),
    ),
  });
}
