/**
 * The server of the local API (docs/API.md): HTTP over a unix socket, JSON lines in the answers. It reads and checks
 * requests, streams progress, result and errors, and tells an operation when its caller went away. What the operations
 * do is not its business.
 *
 * Who may call is decided by the socket's file mode alone. Nothing of a request's body is ever logged: it holds the
 * caller's environment.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
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
} from '../contract/index.ts';
import { systemClock, type Clock, type Logger } from '../core/index.ts';
import { createError, toToolError, toWire, type ToolError } from '../errors/index.ts';
import { readApiRequest, type ApiRequest } from './api-request.ts';
import { bindApiSocket } from './api-socket.ts';

/** More requests at once than developers and tools of one user make; one more is closed without an answer. */
export const MAX_CONNECTIONS = 256;
/** How long {@link ApiServer.close} waits for operations that were told to stop, in milliseconds. */
export const CLOSE_TIMEOUT_MS = 5_000;

export interface OperationContext<N extends OperationName = OperationName> {
  /** Aborts when the caller closes its connection, and when the server closes. */
  readonly signal: AbortSignal;
  /** Tells the caller what the operation waits for. Dropped while the caller does not read. */
  readonly onProgress: (progress: Progress) => void;
  /** Hands the caller one event. Resolves when it takes more, or has gone. */
  readonly onEvent: (event: EventOf<N>) => Promise<void>;
}

export interface OperationOutcome<N extends OperationName> {
  result: Operations[N]['result'];
  /**
   * Keeps the answer open after its result line until this settles. A rejection is told to the caller as an error
   * line. The operation settles it soon after its signal aborts.
   */
  held?: Promise<void> | undefined;
}

export type OperationHandlers = {
  [N in OperationName]: (
    request: Operations[N]['request'],
    context: OperationContext<N>,
  ) => Promise<OperationOutcome<N>>;
};

export interface ApiServerOptions {
  socketPath: string;
  operations: OperationHandlers;
  logger: Logger;
  clock?: Clock;
}

export interface ApiServer {
  /**
   * Takes no new requests, aborts the signals of those that run, and waits for their answers to be written, at most
   * {@link CLOSE_TIMEOUT_MS}. Idempotent.
   */
  close(): Promise<void>;
}

/**
 * Serves `operations` on `socketPath`.
 * @throws {DAEMON_ALREADY_RUNNING} when another daemon answers there
 * @throws {DAEMON_FOLDER_UNSAFE} {SOCKET_PATH_TOO_LONG}
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { socketPath, operations, logger, clock = systemClock } = options;
  const running = new Map<Promise<void>, AbortController>();

  const server = createServer((request, response) => {
    const controller = new AbortController();
    // 'close' comes after a complete answer too; by then nobody listens to the signal any more.
    response.once('close', () => controller.abort());
    const answer = answerRequest(request, response, { operations, logger, signal: controller.signal });
    running.set(answer, controller);
    void answer.finally(() => running.delete(answer));
  });
  server.maxConnections = MAX_CONNECTIONS;
  const removeSocket = await bindApiSocket({ server, socketPath, clock });

  async function stop(): Promise<void> {
    await removeSocket();
    server.close();
    const deadline = new AbortController();
    const answers = [...running.keys()];
    for (const controller of running.values()) controller.abort(createError('DAEMON_STOPPING', {}));
    await Promise.race([
      Promise.allSettled(answers).finally(() => deadline.abort()),
      clock.sleep(CLOSE_TIMEOUT_MS, { signal: deadline.signal }).catch(() => undefined),
    ]);
    server.closeAllConnections();
  }

  let closing: Promise<void> | undefined;
  return {
    close: (): Promise<void> => (closing ??= stop()),
  };
}

interface AnswerOptions {
  operations: OperationHandlers;
  logger: Logger;
  signal: AbortSignal;
}

/** Reads one request, runs its operation and writes the answer; never rejects. */
async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  { operations, logger, signal }: AnswerOptions,
): Promise<void> {
  response.setHeader('content-type', API_MEDIA_TYPE);
  response.setHeader(apiHeaders.apiVersion, String(API_VERSION));
  response.setHeader(apiHeaders.version, VERSION);
  const read = await readApiRequest(request).catch((error: unknown) => refusal(error));
  if ('error' in read) {
    // The rest of a request that was not read to its end cannot be told from the next one.
    if (!request.complete) response.setHeader('connection', 'close');
    response.writeHead(read.status);
    await end(response, { error: toWire(read.error) });
    return;
  }
  // Sent at once, so that the caller can tell a daemon that works from one that hangs.
  response.writeHead(200);
  response.flushHeaders();
  const log = logger.child({ operation: read.operation });
  try {
    const { result, held } = await run(operations, read, {
      signal,
      onProgress(progress: Progress): void {
        if (!response.writableNeedDrain) write(response, { progress });
      },
      async onEvent(event: EventOf<OperationName>): Promise<void> {
        write(response, { event });
        if (response.writableNeedDrain) await once(response, 'drain', { signal }).catch(() => undefined);
      },
    });
    write(response, { result });
    await held;
    await end(response);
  } catch (error) {
    if (response.destroyed) log.debug('the caller went away');
    else logFailure(log, toToolError(error));
    await end(response, { error: toWire(error) });
  }
}

/** The schema that belongs to the name has checked the body, which the compiler cannot follow through the union. */
function run(
  operations: OperationHandlers,
  { operation, body }: ApiRequest,
  context: OperationContext,
): Promise<OperationOutcome<OperationName>> {
  const handler = operations[operation] as (
    request: unknown,
    context: OperationContext,
  ) => Promise<OperationOutcome<OperationName>>;
  return handler(body, context);
}

function refusal(error: unknown): { error: ToolError; status: number } {
  const known = toToolError(error);
  return { error: known, status: known.category === 'internal' ? 500 : 400 };
}

function logFailure(logger: Logger, error: ToolError): void {
  if (error.category !== 'internal') logger.info('operation refused', { code: error.code });
  else {
    const cause = error.cause instanceof Error ? error.cause : error;
    logger.error('operation failed', { code: error.code, stack: cause.stack });
  }
}

function write(response: ServerResponse, line: ApiLine): void {
  if (!response.destroyed && !response.writableEnded) response.write(`${JSON.stringify(line)}\n`);
}

/** Ends the answer and waits until it is handed to the operating system or the connection is gone. */
function end(response: ServerResponse, lastLine?: ApiLine): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) {
      resolve();
      return;
    }
    response.once('close', resolve);
    response.end(lastLine === undefined ? undefined : `${JSON.stringify(lastLine)}\n`, () => resolve());
  });
}
