import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createError } from '../errors/index.ts';

/**
 * Ends a stream so that the other end cannot take it for a normal end: a TCP connection with RST, any other stream by
 * `destroy(error)` (a mux stream sends its own reset then). Idempotent; never throws; nothing emits an unhandled error.
 *
 * It exists because `socket.resetAndDestroy()` of Node 20 has two traps:
 * - while a FIN is on its way into the kernel (after `end()`, before `finish`) libuv refuses with EINVAL; Node then
 *   emits `error`, marks the socket destroyed, never emits `close` and leaks the descriptor;
 * - on a unix or TLS socket it throws ERR_INVALID_HANDLE_TYPE.
 */
export function resetSocket(stream: Duplex): void {
  if (stream.destroyed) return;
  stream.on('error', ignoreError);
  if (!(stream instanceof Socket)) {
    stream.destroy(createError('NET_RESET', { target: 'the other end' }));
  } else if (stream.connecting) {
    // resetAndDestroy() would wait for the connection, which may take minutes.
    stream.destroy();
  } else if (isShuttingDown(stream)) {
    // The FIN leaves within one turn of the event loop, since no data is before it any more.
    stream.once('finish', () => resetNow(stream));
  } else {
    resetNow(stream);
  }
}

/** Tells whether `end()` was called and all data has left, but shutdown(2) has not been called yet. */
function isShuttingDown(socket: Socket): boolean {
  return socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
}

function resetNow(socket: Socket): void {
  if (socket.destroyed) return;
  try {
    socket.resetAndDestroy();
  } catch {
    // Not a TCP handle: ERR_INVALID_HANDLE_TYPE is thrown before anything has changed.
    socket.destroy();
  }
}

function ignoreError(): void {
  // The stream is being thrown away; how it ends is of no interest.
}
