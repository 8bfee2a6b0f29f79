/** Drives one end of an HTTP/2 connection (src/protocol/http2) over a byte stream. */
import type { Duplex } from 'node:stream';
import { describeError, type Clock } from '../../src/core/index.ts';
import { createError, isToolError } from '../../src/errors/index.ts';
import { Http2Connection, type HeldContent, type Http2Events } from '../../src/protocol/http2/index.ts';

/** Bytes that an end may leave unread while it makes us answer. Content is held back long before: the rest are frames. */
export const UNREAD_LIMIT_BYTES: number = 4 * 1024 * 1024;

export interface TransportOptions {
  /** Must be paused, or new. Ended and destroyed by whoever made it. */
  stream: Duplex;
  role: 'client' | 'server';
  events: Http2Events;
  /** The connection is of no use any more; called once, with the reason unless it came to an orderly end. */
  onGone: (reason: string | undefined) => void;
  held: HeldContent;
  clock: Clock;
}

/** Says hello, and reads from now on. */
export function createTransport({
  stream,
  role,
  events,
  onGone,
  held,
  clock,
}: TransportOptions): Http2Connection {
  let isGone = false;
  let isCorked = false;
  const gone = (reason?: string): void => {
    if (isGone) return;
    isGone = true;
    onGone(reason);
  };
  const fail = (error: unknown): void => {
    if (isToolError(error, 'HTTP_PROTOCOL')) connection.goAway(error.details['name'] as 'PROTOCOL_ERROR');
    gone(describeError(error));
  };
  const uncork = (): void => {
    isCorked = false;
    stream.uncork();
  };
  const output = {
    write(bytes: Buffer): void {
      if (isGone || !stream.writable) return;
      if (!isCorked) {
        // What one turn of the event loop has to say leaves as one segment.
        isCorked = true;
        stream.cork();
        process.nextTick(uncork);
      }
      stream.write(bytes);
      if (stream.writableLength <= UNREAD_LIMIT_BYTES) return;
      isGone = true;
      const reason = 'answers are not read';
      process.nextTick(() => {
        stream.destroy(createError('HTTP_PROTOCOL', { name: 'ENHANCE_YOUR_CALM', reason }));
        onGone(reason);
      });
    },
    get isCongested(): boolean {
      return stream.writableNeedDrain;
    },
  };
  const connection = new Http2Connection({ role, events, output, held, nowMs: () => clock.monotonicMs() });
  stream.on('data', (chunk: Buffer) => {
    if (isGone) return;
    try {
      connection.receive(chunk);
    } catch (error) {
      fail(error);
    }
  });
  stream.on('drain', () => {
    if (!isGone) connection.flush();
  });
  stream.on('end', () => gone());
  stream.on('error', (error) => gone(describeError(error)));
  stream.on('close', () => gone('the connection broke'));
  connection.open();
  if (stream.readableEnded || stream.destroyed) process.nextTick(gone);
  else stream.resume();
  return connection;
}
