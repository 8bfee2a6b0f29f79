/** `meta.k8s.io/v1 Table`: what `kubectl get` prints. */
import type { JsonMap, KubeObject } from '../../store/index.ts';
import type { ResourceDefinition } from '../resources.ts';
import { duration, numberAt, textAt } from './cells.ts';
import { columns, type Column } from './columns.ts';

const name: Column = { name: 'Name', cell: ({ metadata }) => metadata.name ?? '' };
const age: Column = {
  name: 'Age',
  cell: ({ metadata }, nowMs) => duration(Date.parse(metadata.creationTimestamp ?? ''), nowMs),
};
const created: Column = {
  name: 'Created At',
  cell: ({ metadata }) => metadata.creationTimestamp ?? '<unknown>',
};

/** Events have no name worth showing; they begin with when. */
const events: readonly Column[] = [
  {
    name: 'Last Seen',
    cell: (event, nowMs) =>
      duration(
        Date.parse(
          textAt(event, 'lastTimestamp') ||
            textAt(event, 'eventTime') ||
            (event.metadata.creationTimestamp ?? ''),
        ),
        nowMs,
      ),
  },
  { name: 'Type', cell: (event) => textAt(event, 'type') },
  { name: 'Reason', cell: (event) => textAt(event, 'reason') },
  {
    name: 'Object',
    cell: (event) =>
      `${textAt(event, 'involvedObject', 'kind').toLowerCase()}/${textAt(event, 'involvedObject', 'name')}`,
  },
  { name: 'Message', cell: (event) => textAt(event, 'message').trim() },
  { name: 'Count', type: 'integer', wide: true, cell: (event) => numberAt(event, 'count') },
];

function columnsOf({ key }: ResourceDefinition): readonly Column[] {
  if (key === 'events') return events;
  const own = columns[key] ?? [];
  if (key.endsWith('rolebindings.rbac.authorization.k8s.io')) return [name, ...own, age];
  if (key.endsWith('roles.rbac.authorization.k8s.io')) return [name, created];
  // kubectl shows the wide columns behind the age.
  return [
    name,
    ...own.filter((column) => column.wide !== true),
    age,
    ...own.filter((column) => column.wide === true),
  ];
}

export type IncludedObject = 'None' | 'Metadata' | 'Object';

/** @param withDefinitions false for all but the first of a watch */
export function toTable(
  definition: ResourceDefinition,
  objects: readonly KubeObject[],
  metadata: JsonMap,
  choices: { include: IncludedObject; nowMs: number; withDefinitions: boolean },
): JsonMap {
  const shown = columnsOf(definition);
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: choices.withDefinitions ? shown.map(columnDefinition) : null,
    rows: objects.map((object) => ({
      cells: shown.map((column) => column.cell(object, choices.nowMs)),
      object: included(object, choices.include),
    })),
  };
}

function columnDefinition({ name: title, type, wide }: Column): JsonMap {
  return {
    name: title,
    type: type ?? 'string',
    format: title === 'Name' ? 'name' : '',
    description: '',
    priority: wide === true ? 1 : 0,
  };
}

function included(object: KubeObject, include: IncludedObject): unknown {
  if (include === 'Object') return object;
  if (include === 'None') return null;
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
