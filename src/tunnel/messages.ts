/** Reads and writes single messages on a stream whose further bytes belong to somebody else. */
import type { Duplex } from 'node:stream';
import { HEADER_LIMIT_BYTES, validate, type Reply, type Schema } from '../contract/index.ts';
import { createError, fromWire, raise, toWire } from '../errors/index.ts';
import { MessageDecoder, encodeMessage } from '../protocol/tunnel/index.ts';

/**
 * Reads one message and leaves what follows it in `stream`.
 * @throws {TUNNEL_PROTOCOL} {TUNNEL_LOST} when the stream ends before, or `signal.reason`
 */
export async function readMessage<T>(
  stream: Duplex,
  schema: Schema<T>,
  { signal, limitBytes = HEADER_LIMIT_BYTES }: { signal: AbortSignal; limitBytes?: number },
): Promise<T> {
  const decoder = new MessageDecoder(limitBytes);
  for (;;) {
    signal.throwIfAborted();
    const chunk = stream.read() as Buffer | null;
    if (chunk === null) {
      await untilReadable(stream, signal);
      continue;
    }
    decoder.push(chunk);
    const message = decoder.next();
    if (message === undefined) continue;
    const rest = decoder.takeRest();
    if (rest.length > 0) stream.unshift(rest);
    return validate(schema, message, (reason) => createError('TUNNEL_PROTOCOL', { reason }));
  }
}

export function writeMessage(stream: Duplex, message: object, limitBytes: number = HEADER_LIMIT_BYTES): void {
  stream.write(encodeMessage(message, limitBytes));
}

/** Reads the reply to a header. @throws the error that the other end replied, or what {@link readMessage} throws */
export async function readReply<T extends object>(
  stream: Duplex,
  schema: Schema<Reply<T>>,
  options: { signal: AbortSignal },
): Promise<T> {
  const reply = await readMessage(stream, schema, options);
  if (!reply.ok) throw fromWire(reply.error);
  return reply;
}

/** Replies with an error and ends the stream. */
export function refuse(stream: Duplex, error: unknown): void {
  stream.end(encodeMessage({ ok: false, error: toWire(error) }, HEADER_LIMIT_BYTES));
  // Whatever the other end still sends is of no use any more; without a reader the stream would never close.
  stream.resume();
}

/** Settles at the next chance to read; rejects when there will be nothing more. */
function untilReadable(stream: Duplex, signal: AbortSignal): Promise<void> {
  if (stream.destroyed || stream.readableEnded) raise('TUNNEL_LOST', { reason: 'the stream has ended' });
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      stream.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', settle);
      signal.removeEventListener('abort', onAbort);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onReadable = (): void => {
      settle();
    };
    const onEnd = (): void => {
      settle(createError('TUNNEL_LOST', { reason: 'the stream has ended' }));
    };
    const onAbort = (): void => {
      settle(signal.reason as Error);
    };
    stream.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', settle);
    signal.addEventListener('abort', onAbort);
  });
}
