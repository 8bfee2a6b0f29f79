/** Reads one request of the local API: address, version, size, JSON and schema. */
import type { IncomingMessage } from 'node:http';
import {
  apiHeaders,
  API_VERSION,
  requestSchemas,
  validate,
  VERSION,
  type OperationName,
} from '../contract/index.ts';
import { createError, raise, type ToolError } from '../errors/index.ts';

/** A request holds the caller's environment, which the kernel bounds at 2 MiB on Linux; JSON may double it. */
export const BODY_LIMIT_BYTES: number = 4 * 1024 * 1024;

export interface ApiRequest {
  operation: OperationName;
  /** Has passed the schema of the operation. */
  body: unknown;
}

/** A request that never reaches an operation, and the HTTP status that says so. */
export interface RefusedRequest {
  error: ToolError;
  status: number;
}

/** What must work with a daemon of another version, so that it can be seen and ended. */
const versionless: ReadonlySet<OperationName> = new Set<OperationName>(['status', 'quit']);

/**
 * Reads `request` to its end, or until it is refused.
 * @throws the connection's error when the caller went away in the middle
 */
export async function readApiRequest(request: IncomingMessage): Promise<ApiRequest | RefusedRequest> {
  const operation = findOperation(request.url ?? '');
  if (operation === undefined) return refuse(404, `there is no "${request.url ?? ''}"`);
  if (request.method !== 'POST')
    return refuse(405, `the method is ${request.method ?? 'none'}, expected POST`);
  const mismatch = versionless.has(operation) ? undefined : findMismatch(request);
  if (mismatch !== undefined) return { error: mismatch, status: 409 };

  const bytes = await readBody(request);
  if (bytes === undefined) return refuse(413, `its body is larger than ${BODY_LIMIT_BYTES} bytes`);
  try {
    const schema = requestSchemas[operation] as Parameters<typeof validate<unknown>>[0];
    return { operation, body: validate(schema, parseJson(bytes), invalid) };
  } catch (error) {
    return { error: error as ToolError, status: 400 };
  }
}

function findOperation(url: string): OperationName | undefined {
  const name = /^\/v1\/([a-z-]+)$/.exec(url)?.[1];
  return name !== undefined && Object.hasOwn(requestSchemas, name) ? (name as OperationName) : undefined;
}

function findMismatch(request: IncomingMessage): ToolError | undefined {
  const { [apiHeaders.apiVersion]: apiVersion, [apiHeaders.version]: version } = request.headers;
  if (version !== undefined && version !== VERSION)
    return createError('DAEMON_VERSION_MISMATCH', { daemon: VERSION, cli: String(version) });
  if (apiVersion !== undefined && apiVersion !== String(API_VERSION))
    return createError('DAEMON_VERSION_MISMATCH', {
      daemon: `${VERSION} (API ${API_VERSION})`,
      cli: `API ${String(apiVersion)}`,
    });
  return undefined;
}

/** Returns undefined as soon as the body is larger than the limit. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > BODY_LIMIT_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    // The parser's message quotes the text, which may hold secrets.
    return raise('API_REQUEST_INVALID', { reason: 'its body is not JSON' });
  }
}

function invalid(reason: string): ToolError {
  return createError('API_REQUEST_INVALID', { reason });
}

function refuse(status: number, reason: string): RefusedRequest {
  return { error: invalid(reason), status };
}
