/** One request to the daemon's local API (docs/API.md): sends it, and reads the JSON lines of the answer. */
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import {
  apiHeaders,
  API_MEDIA_TYPE,
  API_VERSION,
  VERSION,
  type ApiLine,
  type EventOf,
  type OperationName,
  type Operations,
  type Progress,
} from '../../src/contract/index.ts';
import { createDeferred, type Clock, type Deferred } from '../../src/core/index.ts';
import { createError, fromWire, type ToolError } from '../../src/errors/index.ts';
import { LineSplitter } from './line-splitter.ts';

/** The daemon sends its status line before it starts to work: one that is silent for so long hangs. */
export const STATUS_LINE_TIMEOUT_MS = 10_000;
/** Logs of many pods are the longest line; more is not the daemon's. */
const LINE_LIMIT: number = 256 * 1024 * 1024;

export interface Answer<N extends OperationName> {
  result: Operations[N]['result'];
  /**
   * Settles when the answer is over, which for a held one is later than its result: resolves when the daemon ended it
   * or {@link Answer.close} was called.
   * @throws {DAEMON_UNREACHABLE} when it was cut off, or the error that the daemon ended it with
   */
  ended: Promise<void>;
  /** Closes the connection, which ends what was held. Idempotent. */
  close(): void;
}

export interface RequestOptions<N extends OperationName> {
  socketPath: string;
  operation: N;
  body: Operations[N]['request'];
  clock: Clock;
  /** Aborts the request until its result is there. */
  signal: AbortSignal;
  onProgress?: ((progress: Progress) => void) | undefined;
  onEvent?: ((event: EventOf<N>) => void) | undefined;
}

/** What connecting fails with when no daemon runs: never started, killed, or something that is no socket. */
const notRunning: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK']);

/**
 * Sends the request and waits for its result.
 * @returns undefined when no daemon runs
 * @throws {DAEMON_UNREACHABLE} when the connection is cut, or the answer is none of a daemon
 * @throws the error that the daemon answers
 */
export function sendRequest<N extends OperationName>(
  options: RequestOptions<N>,
): Promise<Answer<N> | undefined> {
  const { socketPath, operation, body, clock, signal } = options;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = httpRequest({
      socketPath,
      path: `/v1/${operation}`,
      method: 'POST',
      agent: false,
      headers: {
        'content-type': 'application/json',
        [apiHeaders.apiVersion]: String(API_VERSION),
        [apiHeaders.version]: VERSION,
      },
    });
    const onAbort = (): void => {
      request.destroy();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const timeout = clock.after(STATUS_LINE_TIMEOUT_MS, () => {
      reject(unreachable(`it does not answer within ${STATUS_LINE_TIMEOUT_MS / 1000} s`));
      request.destroy();
    });

    request.on('error', (error: NodeJS.ErrnoException) => {
      timeout.cancel();
      signal.removeEventListener('abort', onAbort);
      if (error.syscall === 'connect' && notRunning.has(error.code ?? '')) resolve(undefined);
      else reject(unreachable(error.message));
    });
    request.once('response', (response) => {
      timeout.cancel();
      const answer = readAnswer<N>(request, response, options);
      answer
        .finally(() => signal.removeEventListener('abort', onAbort))
        .then(resolve, (error: unknown) => reject(error as Error));
    });
    request.end(JSON.stringify(body));
  });
}

function readAnswer<N extends OperationName>(
  request: ClientRequest,
  response: IncomingMessage,
  { onProgress, onEvent }: RequestOptions<N>,
): Promise<Answer<N>> {
  const answered = createDeferred<Answer<N>>();
  const ended: Deferred<void> = createDeferred();
  // Not everybody waits for the end.
  ended.promise.catch(() => undefined);
  let isClosed = false;

  /** Before the result the promise of the answer fails, afterwards the promise of its end: the other one ignores it. */
  function fail(error: ToolError): void {
    answered.reject(error);
    ended.reject(error);
    request.destroy();
  }
  function close(): void {
    isClosed = true;
    ended.resolve();
    request.destroy();
  }
  function take(text: string): void {
    const line = JSON.parse(text) as ApiLine<N>;
    if ('progress' in line) onProgress?.(line.progress);
    else if ('event' in line) onEvent?.(line.event);
    else if ('error' in line) fail(fromWire(line.error));
    else answered.resolve({ result: line.result, ended: ended.promise, close });
  }

  if (response.headers['content-type'] !== API_MEDIA_TYPE) fail(unreachable('its answer is none of tp'));
  const splitter = new LineSplitter({ limit: LINE_LIMIT });
  response.on('data', (chunk: Buffer) => {
    try {
      const lines = splitter.push(chunk);
      if (lines === undefined) fail(unreachable('its answer is too long'));
      for (const line of lines ?? []) take(line);
    } catch {
      fail(unreachable('its answer is none of tp'));
    }
  });
  response.once('end', () => {
    answered.reject(unreachable('it ended the answer without a result'));
    ended.resolve();
  });
  response.on('error', () => {
    if (!isClosed) fail(unreachable('the connection was cut'));
  });
  return answered.promise;
}

function unreachable(reason: string): ToolError {
  return createError('DAEMON_UNREACHABLE', { reason });
}
