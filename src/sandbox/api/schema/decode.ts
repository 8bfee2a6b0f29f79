/**
 * Reads an object as its type: unknown fields are dropped and named, `null` means missing, and a value of another JSON
 * type is refused. What Kubernetes does by decoding into Go structs.
 */
import { badRequest, isMap, type JsonMap } from '../../store/index.ts';
import { structType, type Scalar, type TypeReference } from './schema.ts';

export interface Decoded<T> {
  value: T;
  /** Paths of unknown fields, such as `spec.containers[0].imagee`. */
  unknown: string[];
}

/** @throws {ApiError} 400 for a value of another JSON type */
export function decode(object: JsonMap, typeName: string): Decoded<JsonMap> {
  const unknown: string[] = [];
  const value = struct(object, typeName, '', unknown);
  return { value, unknown };
}

function struct(value: JsonMap, typeName: string, path: string, unknown: string[]): JsonMap {
  const { fields } = structType(typeName);
  const result: JsonMap = {};
  for (const [key, item] of Object.entries(value)) {
    const field = fields.get(key);
    const place = path === '' ? key : `${path}.${key}`;
    if (field === undefined) unknown.push(place);
    else if (item !== null && item !== undefined) result[key] = read(item, field.type, place, unknown);
  }
  return result;
}

function read(value: unknown, type: TypeReference, path: string, unknown: string[]): unknown {
  switch (type.is) {
    case 'list':
      if (!Array.isArray(value)) throw mismatch(value, path, 'a list');
      return value.map((item: unknown, index) => read(item, type.of, `${path}[${String(index)}]`, unknown));
    case 'map': {
      if (!isMap(value)) throw mismatch(value, path, 'a map');
      const result: JsonMap = {};
      for (const [key, item] of Object.entries(value))
        // Go reads null as the empty value of the map's type.
        result[key] = item === null ? '' : read(item, type.of, `${path}.${key}`, unknown);
      return result;
    }
    case 'struct':
      if (!isMap(value)) throw mismatch(value, path, 'an object');
      return struct(value, type.name, path, unknown);
    case 'scalar':
      if (!scalarFits(value, type.scalar)) throw mismatch(value, path, type.scalar);
      return type.scalar === 'quantity' ? String(value) : value;
  }
}

function scalarFits(value: unknown, scalar: Scalar): boolean {
  switch (scalar) {
    case 'any':
      return true;
    case 'string':
    case 'time':
    case 'bytes':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number';
    case 'quantity':
    case 'intOrString':
      return typeof value === 'string' || typeof value === 'number';
  }
}

function mismatch(value: unknown, path: string, wanted: string): Error {
  const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  return badRequest(`json: cannot unmarshal ${kind} into field ${path} of type ${wanted}`);
}
