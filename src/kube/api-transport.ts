/**
 * One request to the API server and its answer, over kept-alive connections: identity, JSON, retries that are safe, and
 * errors of ours. It knows nothing about Kubernetes objects.
 */
import {
  Agent,
  request as httpRequest,
  type ClientRequest,
  type ClientRequestArgs,
  type IncomingMessage,
} from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../core/index.ts';
import { createError, isToolError, raise } from '../errors/index.ts';
import type { Connector } from './connector.ts';
import type { Credentials, Identity } from './credentials.ts';
import type { Query } from './kube-client.ts';
import { fromAnswer, fromNetworkError } from './kube-errors.ts';

/** Idle connections are closed before the API server closes them after 90 s, so that no request meets a dying one. */
export const idleTimeoutMs = 30_000;

/** Idle connections that are kept. */
export const maximumIdleConnections = 4;

/** Time for the head of an answer; the API server ends requests itself after 60 s. */
export const responseTimeoutMs = 65_000;

/** Bytes of one answer. A page of 500 large pods takes some 15 MiB. */
export const maximumBodyBytes: number = 64 * 1024 * 1024;

/** How often a request is sent again when the server asks for it with Retry-After. */
export const maximumRetries = 5;

/** A longer Retry-After than this is not waited for. */
export const maximumRetryAfterSeconds = 30;

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Query | undefined;
  /** Sent as JSON. */
  body?: object | undefined;
  /** Media type of `body`. Default: application/json. */
  contentType?: string | undefined;
  signal: AbortSignal;
}

export interface ApiTransport {
  /** Sends the request and reads the whole answer as text. @throws KUBE_* */
  text(request: ApiRequest): Promise<string>;
  /** Sends the request and returns the answer unread; the caller reads or destroys it. @throws KUBE_* */
  stream(request: ApiRequest): Promise<IncomingMessage>;
  /** Runs `attempt`, once more with new credentials when the server refuses the first. */
  withIdentity<T>(attempt: (identity: Identity) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Closes idle connections. */
  close(): void;
}

export interface ApiTransportOptions {
  server: URL;
  connector: Connector;
  credentials: Credentials;
  clock: Clock;
}

type Connect = (identity: Identity, signal: AbortSignal) => Promise<Duplex>;

/**
 * Node's pool over our connections. They carry TLS already where it is needed, so that the plain HTTP client serves
 * both schemes.
 */
class ConnectionPool extends Agent {
  /** Who opens new connections: that of the latest request. */
  identity: Identity | undefined;
  readonly #connect: Connect;
  readonly #closing = new AbortController();

  constructor(connect: Connect) {
    super({
      keepAlive: true,
      timeout: idleTimeoutMs,
      maxFreeSockets: maximumIdleConnections,
      scheduling: 'lifo',
    });
    this.#connect = connect;
  }

  /** Called by Node for each connection that the pool lacks. Overriding it is the documented way. */
  override createConnection(
    _options: ClientRequestArgs,
    callback?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    if (this.identity === undefined) raise('INTERNAL', { reason: 'a connection without an identity' });
    this.#connect(this.identity, this.#closing.signal).then(
      (socket) => callback?.(null, socket),
      // Node looks at the socket only when there is no error.
      (error: unknown) => callback?.(error as Error, undefined as never),
    );
  }

  closeIdle(): void {
    for (const sockets of Object.values(this.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy();
    }
  }

  close(): void {
    this.#closing.abort();
    // Connections in use are closed when their answer is complete.
    this.maxFreeSockets = 0;
    this.closeIdle();
  }
}

export function createApiTransport({
  server,
  connector,
  credentials,
  clock,
}: ApiTransportOptions): ApiTransport {
  const basePath = server.pathname.replace(/\/$/, '');
  const pool = new ConnectionPool((identity, signal) => connector.connect(identity, { signal }));
  let usedAtMs = clock.epochMs();

  function usePool(identity: Identity): ConnectionPool {
    // A connection keeps the certificate it was opened with. And timers stand still while a laptop sleeps, the time of
    // day does not: what has slept is dead, and would only show it by silence.
    const hasSlept = clock.epochMs() - usedAtMs > idleTimeoutMs;
    if (hasSlept || identity.certificate !== pool.identity?.certificate) pool.closeIdle();
    pool.identity = identity;
    usedAtMs = clock.epochMs();
    return pool;
  }

  /** One try. Resolves with the answer whatever its status. */
  async function send(asked: ApiRequest, identity: Identity): Promise<IncomingMessage> {
    const content = asked.body === undefined ? undefined : JSON.stringify(asked.body);
    const request = httpRequest({
      agent: usePool(identity),
      method: asked.method,
      path: basePath + asked.path + encodeQuery(asked.query),
      headers: {
        ...identity.headers,
        host: server.host,
        // Logs are text.
        accept: 'application/json, */*',
        'user-agent': userAgent,
        ...(content !== undefined && {
          'content-type': asked.contentType ?? 'application/json',
          'content-length': Buffer.byteLength(content),
        }),
      },
      signal: asked.signal,
    });
    const timer = clock.after(responseTimeoutMs, () => {
      const reason = `no answer within ${responseTimeoutMs / 1000} s`;
      request.destroy(createError('KUBE_UNREACHABLE', { server: server.origin, reason }));
    });
    try {
      return await exchange(request, content);
    } finally {
      timer.cancel();
    }
  }

  /** Sends until there is an answer to give to the caller. */
  async function sendWithRetries(asked: ApiRequest, identity: Identity): Promise<IncomingMessage> {
    for (let retries = 0; ; retries += 1) {
      const response = await send(asked, identity).catch((error: unknown) => {
        asked.signal.throwIfAborted();
        if (isStaleConnection(error) && asked.method === 'GET') return undefined;
        throw fromNetworkError(error, server.origin);
      });
      if (response === undefined) continue;
      const status = response.statusCode ?? 0;
      if (status >= 200 && status <= 299) return response;
      const body = await readBody(response, asked, server.origin);
      const waitMs = retryAfterMs(response);
      if (waitMs === undefined || retries === maximumRetries) {
        throw fromAnswer(status, body, { ...asked, server: server.origin });
      }
      await clock.sleep(waitMs, { signal: asked.signal });
    }
  }

  async function withIdentity<T>(
    attempt: (identity: Identity) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const identity = await credentials.identity({ signal });
    try {
      return await attempt(identity);
    } catch (error) {
      if (!isToolError(error, 'KUBE_UNAUTHORIZED') || !credentials.refuse(identity)) throw error;
    }
    pool.closeIdle();
    return attempt(await credentials.identity({ signal }));
  }

  const stream = (asked: ApiRequest): Promise<IncomingMessage> =>
    withIdentity((identity) => sendWithRetries(asked, identity), asked.signal);

  return {
    stream,
    text: async (asked) => readBody(await stream(asked), asked, server.origin),
    withIdentity,
    close: () => pool.close(),
  };
}

/** Also the default field manager: the API server takes what stands before the slash. */
const userAgent = 'tp/0';

/** A kept-alive connection that the server closed, found out only now: nothing was wrong with the request. */
class StaleConnectionError extends Error {}

function isStaleConnection(error: unknown): boolean {
  return error instanceof StaleConnectionError;
}

function exchange(request: ClientRequest, content: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(isStale ? new StaleConnectionError('connection reset', { cause: error }) : error);
    });
    request.end(content);
  });
}

async function readBody(response: IncomingMessage, asked: ApiRequest, server: string): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > maximumBodyBytes) {
        const reason = `the answer to ${asked.method} ${asked.path} is larger than ${maximumBodyBytes} bytes`;
        raise('KUBE_UNREACHABLE', { server, reason });
      }
      chunks.push(chunk);
    }
  } catch (error) {
    asked.signal.throwIfAborted();
    throw fromNetworkError(error, server);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** How long the server asks to wait; undefined when it does not want the request again. @see RFC 9110 §10.2.3 */
function retryAfterMs({ statusCode, headers }: IncomingMessage): number | undefined {
  const seconds = Number(headers['retry-after'] ?? NaN);
  if (statusCode !== 429 && statusCode !== 503) return undefined;
  return seconds >= 0 && seconds <= maximumRetryAfterSeconds ? seconds * 1000 : undefined;
}

/** Encodes the defined parameters, with the question mark; "" when there is none. */
export function encodeQuery(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.append(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}
