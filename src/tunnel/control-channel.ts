/**
 * The control stream after its header: requests of the client with their replies, and events of the agent.
 * Bounded: {@link MAXIMUM_PENDING} unanswered requests each way.
 */
import type { Duplex } from 'node:stream';
import {
  CONTROL_LIMIT_BYTES,
  controlMessageSchema,
  validate,
  type ControlEvent,
  type ControlMessage,
  type ControlRequest,
  type ControlResults,
  type Reply,
} from '../contract/index.ts';
import { createDeferred, type Deferred } from '../core/index.ts';
import { createError, fromWire, raise, toWire, type WireError } from '../errors/index.ts';
import type { MuxSession } from '../mux/index.ts';
import { MessageDecoder, encodeMessage } from '../protocol/tunnel/index.ts';

/** Requests that may wait for their reply; one more is a broken peer. Ours are a handful for each intercept. */
export const MAXIMUM_PENDING = 1024;

export type Result<R extends ControlRequest> = ControlResults[R['kind']];

export interface ControlChannelOptions {
  /** The control stream, owned from now on. */
  stream: Duplex;
  /** Serves a request; what it throws becomes the reply. The client's end has none. */
  onRequest?: (request: ControlRequest) => Promise<object>;
  onEvent?: (event: ControlEvent) => void;
}

export interface ControlChannel {
  /** @throws the error that the other end replied, or TUNNEL_LOST when the channel ends before */
  request<R extends ControlRequest>(request: R): Promise<Result<R>>;
  /** Dropped when the channel has ended. */
  notify(event: ControlEvent): void;
  /** Resolves when the stream has ended; with the reason when it did not end by itself. Never rejects. */
  readonly closed: Promise<Error | undefined>;
}

export function createControlChannel({ stream, onRequest, onEvent }: ControlChannelOptions): ControlChannel {
  const decoder = new MessageDecoder(CONTROL_LIMIT_BYTES);
  const pending = new Map<number, Deferred<object>>();
  const closed = createDeferred<Error | undefined>();
  let nextId = 1;
  let serving = 0;

  function send(message: ControlMessage): void {
    if (stream.writable) stream.write(encodeMessage(message, CONTROL_LIMIT_BYTES));
  }

  async function serve(id: number, request: ControlRequest): Promise<void> {
    serving += 1;
    try {
      if (onRequest === undefined) raise('TUNNEL_PROTOCOL', { reason: 'a request to the client' });
      send({ id, reply: { ok: true, ...(await onRequest(request)) } });
    } catch (error) {
      send({ id, reply: { ok: false, error: toWire(error) } });
    } finally {
      serving -= 1;
    }
  }

  function settle(id: number, reply: Reply): void {
    const waiting = pending.get(id);
    if (waiting === undefined) raise('TUNNEL_PROTOCOL', { reason: `a reply to no request (${id})` });
    pending.delete(id);
    if (reply.ok) waiting.resolve(reply);
    else waiting.reject(fromWire((reply as { error: WireError }).error));
  }

  function receive(message: ControlMessage): void {
    if ('event' in message) onEvent?.(message.event);
    else if ('reply' in message) settle(message.id, message.reply);
    else if (serving >= MAXIMUM_PENDING) raise('TUNNEL_PROTOCOL', { reason: 'too many requests at once' });
    // serve() never rejects: what goes wrong is its reply.
    else void serve(message.id, message.request);
  }

  function end(reason: Error | undefined): void {
    const lost = createError('TUNNEL_LOST', { reason: reason?.message ?? 'the control stream has ended' });
    for (const waiting of pending.values()) waiting.reject(lost);
    pending.clear();
    closed.resolve(reason);
  }

  stream.on('data', (chunk: Buffer) => {
    try {
      decoder.push(chunk);
      for (let message = decoder.next(); message !== undefined; message = decoder.next()) {
        receive(
          validate(controlMessageSchema, message, (reason) => createError('TUNNEL_PROTOCOL', { reason })),
        );
      }
    } catch (error) {
      stream.destroy(error as Error);
    }
  });
  stream.on('error', end);
  stream.on('end', () => stream.end());
  stream.on('close', () => {
    end(undefined);
  });

  return {
    async request<R extends ControlRequest>(request: R): Promise<Result<R>> {
      if (!stream.writable) raise('TUNNEL_LOST', { reason: 'the control stream has ended' });
      if (pending.size >= MAXIMUM_PENDING)
        raise('TUNNEL_LOST', { reason: 'too many requests wait for an answer' });
      const id = nextId++;
      const reply = createDeferred<object>();
      pending.set(id, reply);
      send({ id, request });
      // The agent is of the negotiated version: its fields are what the contract says for this request.
      return (await reply.promise) as Result<R>;
    },
    notify(event: ControlEvent): void {
      send({ event });
    },
    closed: closed.promise,
  };
}

/**
 * Ends the tunnel whose control channel has ended: with its failure at once, else within the multiplexer's deadline, so that
 * open streams may finish.
 */
export async function endWithControl(mux: MuxSession, reason: Error | undefined): Promise<void> {
  if (reason === undefined) await mux.close();
  else mux.destroy(reason);
}
