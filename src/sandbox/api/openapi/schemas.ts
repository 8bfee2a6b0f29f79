/** The built-in types as OpenAPI schemas. The names are the table's, not those of Kubernetes' Go packages. */
import type { JsonMap } from '../../store/index.ts';
import { apiVersionOf, resourceDefinitions } from '../resources.ts';
import {
  structTypes,
  type Field,
  type Scalar,
  type StructType,
  type TypeReference,
} from '../schema/schema.ts';

const scalars: Readonly<Record<Scalar, JsonMap>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  integer: { type: 'integer', format: 'int64' },
  number: { type: 'number', format: 'double' },
  time: { type: 'string', format: 'date-time' },
  quantity: { type: 'string' },
  intOrString: { type: 'string', format: 'int-or-string' },
  bytes: { type: 'string', format: 'byte' },
  any: { type: 'object' },
};

/** @param prefix of references, such as `#/definitions/` */
export function openApiSchemas(prefix: string): JsonMap {
  const kinds = new Map(
    resourceDefinitions.map((definition) => [
      definition.type,
      { group: definition.group, version: definition.version, kind: definition.kind },
    ]),
  );
  const schemas: JsonMap = {};
  for (const type of structTypes()) {
    const kind = kinds.get(type.name);
    schemas[type.name] = {
      ...structSchema(type, prefix),
      ...(kind === undefined ? {} : { 'x-kubernetes-group-version-kind': [kind] }),
    };
  }
  return schemas;
}

function structSchema({ fields, atomic }: StructType, prefix: string): JsonMap {
  const properties: JsonMap = {};
  for (const field of fields.values()) properties[field.name] = fieldSchema(field, prefix);
  return { type: 'object', properties, ...(atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}) };
}

function fieldSchema({ type, patch, mergeKey, relation }: Field, prefix: string): JsonMap {
  const listType = relation === 'set' ? 'set' : relation === 'atomic' ? 'atomic' : 'map';
  return {
    ...typeSchema(type, prefix),
    ...(patch.length > 0 ? { 'x-kubernetes-patch-strategy': patch.join(',') } : {}),
    ...(mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': mergeKey }),
    ...(relation === undefined || type.is !== 'list' ? {} : { 'x-kubernetes-list-type': listType }),
    ...(typeof relation === 'object' ? { 'x-kubernetes-list-map-keys': relation.keys } : {}),
  };
}

function typeSchema(type: TypeReference, prefix: string): JsonMap {
  switch (type.is) {
    case 'scalar':
      return { ...scalars[type.scalar] };
    case 'list':
      return { type: 'array', items: typeSchema(type.of, prefix) };
    case 'map':
      return { type: 'object', additionalProperties: typeSchema(type.of, prefix) };
    case 'struct':
      return { $ref: `${prefix}${type.name}` };
  }
}

/** The path of each resource's objects, with what can be done there: `kubectl` looks for `fieldValidation`. */
export function openApiPaths(group?: string): JsonMap {
  const paths: JsonMap = {};
  for (const definition of resourceDefinitions) {
    if (group !== undefined && definition.group !== group) continue;
    const root = definition.group === '' ? '/api/v1' : `/apis/${apiVersionOf(definition)}`;
    const scope = definition.namespaced ? '/namespaces/{namespace}' : '';
    const kind = { group: definition.group, version: definition.version, kind: definition.kind };
    const operation = (action: string): JsonMap => ({
      operationId: `${action}${definition.kind}${definition.group}`,
      parameters: ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
        name,
        in: 'query',
        schema: { type: 'string' },
        type: 'string',
      })),
      responses: { '200': { description: 'OK' } },
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': kind,
    });
    paths[`${root}${scope}/${definition.plural}`] = { post: operation('post') };
    paths[`${root}${scope}/${definition.plural}/{name}`] = {
      get: operation('get'),
      put: operation('put'),
      patch: operation('patch'),
    };
  }
  return paths;
}
