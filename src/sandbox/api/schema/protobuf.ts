/**
 * Reads objects in Kubernetes' protobuf form, which Go clients since 1.32 send for built-in types. The sandbox answers in
 * JSON, which they take as well.
 */
import { badRequest, type JsonMap } from '../../store/index.ts';
import { resourceByKind } from '../resources.ts';
import { structType, type Field, type Scalar, type TypeReference } from './schema.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';

const magic = Buffer.from('k8s\0');

/** Nested messages; far more than any type has. */
const maximumDepth = 64;

/** What is sent to subresources and with deletions. */
const otherTypes: Readonly<Record<string, string>> = {
  DeleteOptions: 'meta.DeleteOptions',
  Eviction: 'policy.Eviction',
  Scale: 'autoscaling.Scale',
  TokenRequest: 'authentication.TokenRequest',
  Binding: 'Binding',
};

interface WireField {
  number: number;
  /** Of a varint or a fixed number. */
  value: bigint;
  /** Of anything with a length. */
  bytes: Buffer;
}

/** @throws {ApiError} 400 */
export function decodeProtobuf(body: Buffer): JsonMap {
  if (!body.subarray(0, magic.length).equals(magic))
    throw badRequest('provided data does not appear to be a protobuf message');
  try {
    const envelope = [...wireFields(body.subarray(magic.length))];
    const meta = wireFields(envelope.find(({ number }) => number === 1)?.bytes ?? Buffer.alloc(0));
    const [apiVersion = '', kind = ''] = texts(meta);
    const raw = envelope.find(({ number }) => number === 2)?.bytes ?? Buffer.alloc(0);
    const type = resourceByKind(apiVersion, kind)?.type ?? otherTypes[kind];
    if (type === undefined)
      throw new Error(`no kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`);
    return { apiVersion, kind, ...message(raw, type, 0) };
  } catch (error) {
    throw badRequest(`error decoding protobuf: ${error instanceof Error ? error.message : ''}`);
  }
}

function texts(fields: Iterable<WireField>): string[] {
  return [...fields].sort((a, b) => a.number - b.number).map(({ bytes }) => bytes.toString());
}

function message(bytes: Buffer, typeName: string, depth: number): JsonMap {
  if (depth > maximumDepth) throw new Error('nested too deeply');
  const { numbers } = structType(typeName);
  const result: JsonMap = {};
  for (const wire of wireFields(bytes)) {
    const field = numbers.get(wire.number);
    if (field === undefined) continue;
    if (typeof field === 'string') Object.assign(result, message(wire.bytes, field, depth + 1));
    else readField(result, field, wire, depth);
  }
  return result;
}

function readField(
  result: JsonMap,
  { name, type, pointer, present }: Field,
  wire: WireField,
  depth: number,
): void {
  if (type.is === 'list') {
    const list = Array.isArray(result[name]) ? (result[name] as unknown[]) : [];
    list.push(value(type.of, wire, depth));
    result[name] = list;
    return;
  }
  if (type.is === 'map') {
    const entry = [...wireFields(wire.bytes)];
    const key = entry.find(({ number }) => number === 1)?.bytes.toString() ?? '';
    const item = entry.find(({ number }) => number === 2) ?? { number: 2, value: 0n, bytes: Buffer.alloc(0) };
    result[name] = { ...(result[name] as JsonMap | undefined), [key]: value(type.of, item, depth) };
    return;
  }
  const read = value(type, wire, depth);
  // Go writes what is empty too; in JSON it would have been left out.
  if (read === undefined || (!pointer && !present && (read === '' || read === 0 || read === false))) return;
  result[name] = read;
}

function value(type: TypeReference, wire: WireField, depth: number): unknown {
  if (type.is === 'struct') return message(wire.bytes, type.name, depth + 1);
  if (type.is === 'scalar') return scalar(type.scalar, wire);
  // A list or a map as an item is a message around it, of which the API has one: `extra` of users.
  return [...wireFields(wire.bytes)].map(({ bytes }) => bytes.toString());
}

function scalar(kind: Scalar, { value: number, bytes }: WireField): unknown {
  switch (kind) {
    case 'string':
      return bytes.toString();
    case 'boolean':
      return number !== 0n;
    case 'integer':
      return Number(BigInt.asIntN(64, number));
    case 'number':
      return Number(number);
    case 'bytes':
      return bytes.toString('base64');
    case 'time':
      return time(bytes);
    case 'quantity':
      return texts(wireFields(bytes))[0] ?? '0';
    case 'intOrString': {
      const parts = new Map([...wireFields(bytes)].map((part) => [part.number, part]));
      return parts.get(1)?.value === 1n
        ? (parts.get(3)?.bytes.toString() ?? '')
        : Number(BigInt.asIntN(64, parts.get(2)?.value ?? 0n));
    }
    case 'any': {
      const [raw] = [...wireFields(bytes)];
      return raw === undefined ? undefined : (JSON.parse(raw.bytes.toString()) as unknown);
    }
  }
}

/** The zero time of Go has no bytes: it means missing. */
function time(bytes: Buffer): string | undefined {
  const parts = new Map(
    [...wireFields(bytes)].map((part) => [part.number, Number(BigInt.asIntN(64, part.value))]),
  );
  const seconds = parts.get(1) ?? 0;
  if (seconds <= 0) return undefined;
  const nanoseconds = parts.get(2) ?? 0;
  const text = new Date(seconds * 1_000).toISOString().slice(0, 19);
  return nanoseconds === 0
    ? `${text}Z`
    : `${text}.${String(Math.floor(nanoseconds / 1_000)).padStart(6, '0')}Z`;
}

function* wireFields(bytes: Buffer): Generator<WireField> {
  let offset = 0;
  const varint = (): bigint => {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[offset];
      if (byte === undefined) throw new Error('it ends early');
      offset += 1;
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return result;
    }
    throw new Error('a number is too long');
  };
  const take = (length: number): Buffer => {
    if (offset + length > bytes.length) throw new Error('it ends early');
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  const none = Buffer.alloc(0);
  while (offset < bytes.length) {
    const key = Number(varint());
    const number = key >>> 3;
    switch (key & 7) {
      case 0:
        yield { number, value: varint(), bytes: none };
        break;
      case 1:
        yield { number, value: BigInt(Math.trunc(take(8).readDoubleLE(0))), bytes: none };
        break;
      case 2:
        yield { number, value: 0n, bytes: take(Number(varint())) };
        break;
      case 5:
        yield { number, value: BigInt(take(4).readUInt32LE(0)), bytes: none };
        break;
      default:
        throw new Error('it has an unknown kind of field');
    }
  }
}
