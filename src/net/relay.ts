/**
 * Joins two byte streams. The only place in the project that does, because Node's own ways lose what matters here
 * (measured on Node 20.20):
 *
 * - `a.pipe(b); b.pipe(a)`: a reset of one side leaves the other one open for ever.
 * - two `pipeline()` calls: the other side is closed, but its peer sees a normal end instead of a reset.
 * - `allowHalfOpen: false`, the default: an answer that comes after the asker has ended its side is lost.
 */
import { addAbortListener } from 'node:events';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { resetSocket } from './reset-socket.ts';

export interface RelayResult {
  bytesAToB: number;
  bytesBToA: number;
  /** Who ended it: the side that broke the connection, or else the one that ended its direction first, or the signal. */
  endedBy: 'a' | 'b' | 'signal';
  /** Whether both directions came to their normal end; otherwise both sides were reset. */
  isComplete: boolean;
}

/**
 * Copies bytes between `a` and `b` until both directions have ended. It owns both streams from here on; both must have
 * been made with `allowHalfOpen: true`.
 *
 * The end of one direction is passed on and leaves the other open. When a side breaks, or is closed before its end, the
 * other is reset; when `signal` aborts, both are. Bytes not yet written by then are lost. Resolves when both streams
 * are closed; never rejects. One listener is kept on `signal` meanwhile: give a signal that serves many connections
 * `setMaxListeners(0, signal)`.
 *
 * One reset stays unseen: it arrived together with the last bytes on a connection whose other direction had ended
 * already. It is passed on as a normal end (see {@link confirmEnd}).
 */
export function relay(a: Duplex, b: Duplex, { signal }: { signal: AbortSignal }): Promise<RelayResult> {
  return new Promise((resolve) => {
    let firstEnd: 'a' | 'b' | undefined;
    let brokenBy: RelayResult['endedBy'] | undefined;
    let openStreams = 2;

    const breakBoth = (by: RelayResult['endedBy']): void => {
      brokenBy ??= by;
      resetSocket(a);
      resetSocket(b);
    };
    const watch = (stream: Duplex, side: 'a' | 'b'): void => {
      // On both sides before the first byte moves: attached later, they run too late to reset the other side.
      stream.on('error', () => breakBoth(side));
      const onClose = (): void => {
        if (!stream.readableEnded || !stream.writableFinished) breakBoth(side);
        openStreams -= 1;
        if (openStreams === 0) finish();
      };
      if (stream.closed) queueMicrotask(onClose);
      else stream.once('close', onClose);
    };
    const finish = (): void => {
      aborted[Symbol.dispose]();
      resolve({
        bytesAToB: aToB.bytes,
        bytesBToA: bToA.bytes,
        endedBy: brokenBy ?? firstEnd ?? 'a',
        isComplete: brokenBy === undefined,
      });
    };

    watch(a, 'a');
    watch(b, 'b');
    const aborted = addAbortListener(signal, () => breakBoth('signal'));
    const aToB = copy(a, b, () => (firstEnd ??= 'a'));
    const bToA = copy(b, a, () => (firstEnd ??= 'b'));
  });
}

/** Copies one direction, with backpressure, and passes its end on. */
function copy(source: Duplex, sink: Duplex, onEnd: () => void): { bytes: number } {
  const counter = { bytes: 0 };
  const end = (): void => {
    onEnd();
    confirmEnd(source, () => sink.end());
  };
  source.on('data', (chunk: Buffer) => {
    counter.bytes += chunk.length;
    if (!sink.write(chunk)) source.pause();
  });
  sink.on('drain', () => source.resume());
  // A stream that somebody paused before would not start with its listener.
  source.resume();
  if (source.readableEnded) end();
  else source.once('end', end);
  return counter;
}

/**
 * Calls `onConfirmed` unless the end of `source` was in truth a reset; then `source` emits `error`.
 *
 * When a reset arrives together with the last bytes, libuv (1.46, Linux) reads those, sees the hang-up and reports a
 * normal end without reading on, so that the error is never seen and a response cut short looks complete. A write of no
 * bytes asks the kernel for the error and sends nothing. It needs a writable side with nothing queued: queued bytes
 * would delay the end until a peer that may be waiting for it reads them, and they meet the error themselves.
 */
function confirmEnd(source: Duplex, onConfirmed: () => void): void {
  if (!(source instanceof Socket) || !source.writable || source.writableLength > 0) {
    onConfirmed();
    return;
  }
  source.write(noBytes, (error) => {
    if (!error) onConfirmed();
  });
}

const noBytes = Buffer.alloc(0);
