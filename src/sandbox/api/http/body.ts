/** Reads a request's body as one JSON or YAML document. */
import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { decodeProtobuf, protobufType } from '../schema/protobuf.ts';
import { badRequest, isMap, refusal, type JsonMap } from '../../store/index.ts';

/** Bytes of a request's body; what Kubernetes allows. */
export const maximumBodyBytes: number = 3 * 1024 * 1024;

/** @throws {ApiError} 413 when it is longer than {@link maximumBodyBytes} */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maximumBodyBytes)
      throw refusal(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${maximumBodyBytes}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @throws {ApiError} 400 when it cannot be read, 415 for another media type */
export function parseBody(body: Buffer, contentType = 'application/json'): unknown {
  const [type = ''] = contentType.split(';');
  if (type.trim() === protobufType) return decodeProtobuf(body);
  const text = body.toString();
  try {
    switch (type.trim().toLowerCase()) {
      case 'application/yaml':
      case 'application/apply-patch+yaml':
        // JSON is YAML, and much faster read as what it is.
        return text.trimStart().startsWith('{') ? JSON.parse(text) : parse(text);
      case '':
      case 'application/json':
      case 'application/json-patch+json':
      case 'application/merge-patch+json':
      case 'application/strategic-merge-patch+json':
        return JSON.parse(text);
      default:
        break;
    }
  } catch (error) {
    throw badRequest(`error decoding: ${error instanceof Error ? error.message : 'not readable'}`);
  }
  throw unsupportedMediaType(type);
}

export function unsupportedMediaType(type: string): Error {
  return refusal(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml (got ${type})`,
  );
}

/** @throws {ApiError} 400 for anything but an object */
export function asObject(value: unknown): JsonMap {
  if (!isMap(value)) throw badRequest('the request body is not an object');
  return value;
}
