/** Reads the first bytes of something, for who has to see them before they can go anywhere. */
import { addAbortListener } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Clock } from '../src/core/index.ts';

export interface CollectOptions {
  /** What has been read of the stream already. */
  waiting: Buffer;
  /** Is asked after each chunk, with all bytes so far. */
  isEnough: (bytes: Buffer) => boolean;
  timeoutMs: number;
  clock: Clock;
  signal: AbortSignal;
}

/**
 * Resolves with the bytes of `stream` when they are enough, or else at its end or close, after the time, or when the signal
 * aborts. The stream is paused then. Never rejects.
 */
export function collectBytes(stream: Duplex, options: CollectOptions): Promise<Buffer> {
  const { isEnough, timeoutMs, clock, signal } = options;
  return new Promise((resolve) => {
    let bytes = options.waiting;
    const onData = (chunk: Buffer): void => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      if (isEnough(bytes)) finish();
    };
    const finish = (): void => {
      timer.cancel();
      aborted[Symbol.dispose]();
      stream.pause();
      stream.off('data', onData).off('end', finish).off('close', finish);
      resolve(bytes);
    };
    const timer = clock.after(timeoutMs, finish);
    const aborted = addAbortListener(signal, finish);
    stream.on('data', onData).on('end', finish).on('close', finish);
    if (stream.readableEnded || stream.closed || isEnough(bytes)) finish();
    else stream.resume();
  });
}
