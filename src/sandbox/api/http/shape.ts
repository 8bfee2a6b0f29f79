/** The form that a client wants objects in: as they are, as rows of a table, or their metadata only. */
import { refusal, type JsonMap, type KubeObject } from '../../store/index.ts';
import { apiVersionOf, type ResourceDefinition } from '../resources.ts';
import { toTable, type IncludedObject } from '../tables/table.ts';

export type Form = 'object' | 'Table' | 'PartialObjectMetadata';

/** @throws {ApiError} 406 when the client takes none of them */
export function chooseForm(accept: string): Form {
  const types = accept === '' ? ['*/*'] : accept.split(',').map((type) => type.trim());
  for (const type of types) {
    const [media, ...parameters] = type.split(';').map((part) => part.trim());
    if (!['application/json', 'application/*', '*/*'].includes(media ?? '')) continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice('as='.length);
    if (as === undefined) return 'object';
    if (as === 'Table') return 'Table';
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return 'PartialObjectMetadata';
  }
  throw refusal(406, 'NotAcceptable', 'only the following media types are accepted: application/json');
}

export interface Shape {
  definition: ResourceDefinition;
  form: Form;
  include: IncludedObject;
  nowMs: number;
}

export function shapeObject(shape: Shape, object: KubeObject, withDefinitions = true): JsonMap {
  if (shape.form === 'Table') {
    const { resourceVersion = '' } = object.metadata;
    return toTable(shape.definition, [object], { resourceVersion }, { ...shape, withDefinitions });
  }
  return shape.form === 'object' ? object : metadataOf(object);
}

export function shapeList(shape: Shape, objects: readonly KubeObject[], metadata: JsonMap): JsonMap {
  const { definition, form } = shape;
  if (form === 'Table') return toTable(definition, objects, metadata, { ...shape, withDefinitions: true });
  if (form === 'PartialObjectMetadata')
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      items: objects.map(metadataOf),
    };
  return {
    kind: `${definition.kind}List`,
    apiVersion: apiVersionOf(definition),
    metadata,
    // The items of a typed list do not repeat its type.
    items: objects.map((object) => {
      const { apiVersion, kind, ...rest } = object;
      return apiVersion === '' || kind === '' ? object : rest;
    }),
  };
}

function metadataOf({ metadata }: KubeObject): JsonMap {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}
