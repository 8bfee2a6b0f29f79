import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { addAbortListener } from 'node:events';
import type { Duplex } from 'node:stream';
import { formatSocketAddress, type SocketAddress } from '../address/index.ts';
import type { Clock } from '../core/index.ts';
import { createError } from '../errors/index.ts';
import type { DialOptions, Dialer } from './dialer.ts';
import { dialTimeoutMs, keepAliveDelayMs, streamBufferBytes } from './limits.ts';
import { toNetError } from './node-errors.ts';

export interface TcpDialerOptions {
  clock: Clock;
  /** Limit for one dial, name resolution included, in milliseconds. Default {@link dialTimeoutMs}. */
  timeoutMs?: number;
}

/** Dials from this machine, with its resolver; names with several addresses are tried as RFC 8305 says (Node does it). */
export function createTcpDialer({ clock, timeoutMs = dialTimeoutMs }: TcpDialerOptions): Dialer {
  return {
    dial(target: SocketAddress, { signal }: DialOptions): Promise<Duplex> {
      return new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const socket = connect(toConnectOptions(target));
        const seconds = timeoutMs / 1000;
        const timer = clock.after(timeoutMs, () => {
          fail(createError('NET_TIMEOUT', { target: formatSocketAddress(target), seconds }));
        });
        const aborted = addAbortListener(signal, () => fail(signal.reason));
        const settle = (): void => {
          timer.cancel();
          aborted[Symbol.dispose]();
          socket.off('connect', onConnect).off('error', onError);
        };
        const onConnect = (): void => {
          settle();
          resolve(socket);
        };
        const onError = (error: Error): void => fail(toNetError(error, { target, seconds }));
        const fail = (error: unknown): void => {
          settle();
          discard(socket);
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a signal's reason can be anything
          reject(error);
        };
        socket.on('connect', onConnect).on('error', onError);
      });
    },
  };
}

/** `highWaterMark` is missing in the types of Node 20; it goes to the constructor of the stream. */
function toConnectOptions({ host, port }: SocketAddress): TcpNetConnectOpts & { highWaterMark: number } {
  return {
    host,
    port,
    // Without it Node ends our side as soon as the target has ended its own, and a late answer is lost.
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveDelayMs,
    highWaterMark: streamBufferBytes,
  };
}

/** Throws away a socket that is not connected; an error that still comes is of no interest. */
function discard(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  socket.destroy();
}
