/** One local port that leads to one target, as with `ssh -L`: for programs that know no proxy. */
import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import { formatSocketAddress, type SocketAddress } from '../address/index.ts';
import { describeError, runInBackground, type Logger } from '../core/index.ts';
import { listen, resetSocket, type Dialer } from '../net/index.ts';
import { dialForClient } from './dial-for-client.ts';
import { maximumConnections } from './limits.ts';
import { runTunnel } from './tunnel.ts';

export interface ForwardOptions {
  host: string;
  /** 0 lets the system choose. */
  port: number;
  target: SocketAddress;
  dialer: Dialer;
  logger: Logger;
}

export interface Forward extends AsyncDisposable {
  /** The IP address that it listens on. */
  readonly host: string;
  readonly port: number;
  readonly connectionCount: number;
  /** Stops listening, resets open connections, and resolves when they are closed. Idempotent. */
  close(): Promise<void>;
}

/**
 * Listens and leads each connection to the target. When the dial fails the client is reset: it was accepted already, and
 * a reset at once is the nearest thing to a refusal.
 *
 * @throws {LOCAL_PORT_IN_USE}
 * @throws {LOCAL_LISTEN_FAILED}
 */
export async function startForward({ host, port, target, dialer, logger }: ForwardOptions): Promise<Forward> {
  const lifetime = new AbortController();
  const { signal } = lifetime;
  setMaxListeners(0, signal);

  const serve = async (client: Socket): Promise<void> => {
    try {
      const stream = await dialForClient({ client, target, dialer, signal });
      await runTunnel({ client, stream, target, protocol: 'forward', signal, logger });
    } catch (error) {
      logger.debug('Dial failed', { target: formatSocketAddress(target), error: describeError(error) });
      resetSocket(client);
    }
  };
  const listener = await listen({
    host,
    port,
    maximumConnections,
    onConnection: (client) => runInBackground('Forwarding a connection', serve(client), logger),
  });
  const close = async (): Promise<void> => {
    lifetime.abort();
    await listener.close();
  };
  return {
    host: listener.address,
    port: listener.port,
    get connectionCount(): number {
      return listener.connectionCount;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
