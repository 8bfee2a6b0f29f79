/**
 * The way into the cluster for programs on this machine, without privilege: one loopback port that speaks SOCKS5
 * (RFC 1928) and HTTP (CONNECT and plain, RFC 9110). The first byte tells which: 0x05 is no beginning of an HTTP method.
 */
import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import type { SocketAddress } from '../address/index.ts';
import { runInBackground, type Clock, type Logger } from '../core/index.ts';
import { listen, resetSocket, type DatagramDialer, type Dialer } from '../net/index.ts';
import { socksVersion } from '../protocol/socks5/index.ts';
import type { ProxyContext } from './context.ts';
import { createAuthenticator, type ProxyCredentials } from './credentials.ts';
import { HttpProxy } from './http-proxy.ts';
import { handshakeTimeoutMs, maximumConnections } from './limits.ts';
import { guardAgainstLoop } from './loop-guard.ts';
import { serveSocks5 } from './socks5-connection.ts';

export interface ProxyServerOptions {
  /** Address of this machine; anything but loopback opens the cluster to the network. */
  host: string;
  /** 0 lets the system choose. */
  port: number;
  /** Names go to it as clients give them. */
  dialer: Dialer;
  datagramDialer: DatagramDialer;
  clock: Clock;
  logger: Logger;
  /** Demanded of every client; without them whoever can reach the port may use it. */
  credentials?: ProxyCredentials | undefined;
}

export interface ProxyServer extends AsyncDisposable {
  /** The IP address that it listens on. */
  readonly host: string;
  readonly port: number;
  /** How many clients are connected. */
  readonly connectionCount: number;
  /** Stops listening, resets open connections, and resolves when they are closed. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts the proxy.
 *
 * @throws {LOCAL_PORT_IN_USE}
 * @throws {LOCAL_LISTEN_FAILED}
 */
export async function startProxyServer(options: ProxyServerOptions): Promise<ProxyServer> {
  const { datagramDialer, clock, logger, credentials } = options;
  const lifetime = new AbortController();
  setMaxListeners(0, lifetime.signal);
  const context: ProxyContext = {
    dialer: guardAgainstLoop(options.dialer, () => own),
    datagramDialer,
    clock,
    logger,
    signal: lifetime.signal,
    authenticate: credentials && createAuthenticator(credentials),
  };
  const http = new HttpProxy(context);
  const listener = await listen({
    host: options.host,
    port: options.port,
    maximumConnections,
    onConnection: (client) => dispatch(client, http, context),
  });
  const own: SocketAddress = { host: listener.address, port: listener.port };

  const close = async (): Promise<void> => {
    lifetime.abort();
    await listener.close();
  };
  return {
    ...own,
    get connectionCount(): number {
      return listener.connectionCount;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Waits for the first byte and hands the client, with that byte back in it, to its protocol. */
function dispatch(client: Socket, http: HttpProxy, context: ProxyContext): void {
  const { clock, logger } = context;
  const deadline = clock.after(handshakeTimeoutMs, () => resetSocket(client));
  const onEnd = (): void => {
    client.destroy();
  };
  client.once('close', () => deadline.cancel());
  client.once('end', onEnd);
  client.once('data', (chunk: Buffer) => {
    client.off('end', onEnd);
    client.pause();
    client.unshift(chunk);
    if (chunk[0] === socksVersion) {
      runInBackground('Serving SOCKS5', serveSocks5(client, deadline, context), logger);
    } else {
      http.serve(client, deadline);
    }
    client.resume();
  });
}
