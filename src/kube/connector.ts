/** Connections to the API server: TCP, the proxy on the way, TLS. Requests and port-forwards are made on top. */
import { addAbortListener, once } from 'node:events';
import { request } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { SocksClient } from 'socks';
import type { Clock } from '../core/index.ts';
import { createError } from '../errors/index.ts';
import type { Identity } from './credentials.ts';
import { withDeadline } from './deadline.ts';
import type { ClusterConfig } from './kubeconfig.ts';
import { fromNetworkError } from './kube-errors.ts';
import { hostOf, portOf, type Proxy } from './proxy-selection.ts';

/** Time for TCP, proxy and TLS together; a VPN that is down shows as silence, and kubectl's 30 s feel like a hang. */
export const connectTimeoutMs = 15_000;

/** Silence after which the kernel probes the connection; libuv then gives up after ten probes, one a second. */
export const keepAliveDelayMs = 15_000;

export interface Connector {
  /**
   * Opens a connection that `identity` authenticates where the server asks for a client certificate. The caller owns
   * it.
   * @throws KUBE_UNREACHABLE
   */
  connect(identity: Identity, options: { signal: AbortSignal }): Promise<Socket>;
}

export interface ConnectorOptions {
  cluster: ClusterConfig;
  /** PEM; the system's authorities when absent. */
  authority: string | undefined;
  proxy: Proxy | undefined;
  clock: Clock;
}

export function createConnector({ cluster, authority, proxy, clock }: ConnectorOptions): Connector {
  const { server } = cluster;
  const target = { host: hostOf(server), port: portOf(server) };

  async function open(identity: Identity, signal: AbortSignal): Promise<Socket> {
    const transport = await (proxy === undefined
      ? dialTcp(target, signal)
      : dialThroughProxy(proxy, target, signal));
    if (server.protocol === 'http:') return transport;
    return startTls(transport, signal, {
      // An IP address must not be sent as server name (RFC 6066 §3), but is what the certificate is checked against.
      servername: cluster.tlsServerName ?? (isIP(target.host) === 0 ? target.host : ''),
      host: target.host,
      ca: authority,
      cert: identity.certificate,
      key: identity.key,
      rejectUnauthorized: !cluster.skipTlsVerify,
      ALPNProtocols: ['http/1.1'],
    });
  }

  return {
    connect(identity, { signal }): Promise<Socket> {
      const expired = (): Error => {
        const reason = `no connection within ${connectTimeoutMs / 1000} s`;
        return createError('KUBE_UNREACHABLE', { server: server.origin, reason });
      };
      return withDeadline({ clock, timeoutMs: connectTimeoutMs, signal, expired }, async (limited) => {
        try {
          return await open(identity, limited);
        } catch (error) {
          throw fromNetworkError(error, server.origin);
        }
      });
    },
  };
}

interface Target {
  host: string;
  port: number;
}

async function dialTcp({ host, port }: Target, signal: AbortSignal): Promise<Socket> {
  const socket = connectTcp({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveDelayMs,
  });
  await settled(socket, 'connect', signal);
  return socket;
}

async function startTls(transport: Socket, signal: AbortSignal, options: ConnectionOptions): Promise<Socket> {
  const socket = connectTls({ ...options, socket: transport });
  await settled(socket, 'secureConnect', signal);
  return socket;
}

/** Waits for `event`; on failure or abort nothing of the socket is left. */
async function settled(socket: Duplex, event: string, signal: AbortSignal): Promise<void> {
  try {
    await once(socket, event, { signal });
  } catch (error) {
    destroySilently(socket);
    throw error;
  }
}

function destroySilently(stream: Duplex): void {
  stream.on('error', () => undefined);
  stream.destroy();
}

async function dialThroughProxy(proxy: Proxy, target: Target, signal: AbortSignal): Promise<Socket> {
  const { host, port } = proxy;
  const name = `proxy ${proxy.kind}://${host}:${port}`;
  try {
    const socket = await dialTcp({ host, port }, signal);
    if (proxy.kind === 'socks5') return await openSocksTunnel(socket, proxy, target, signal);
    const transport =
      proxy.kind === 'http'
        ? socket
        : await startTls(socket, signal, { servername: isIP(host) === 0 ? host : '', host });
    return await openConnectTunnel(transport, proxy, target, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(`${name}: ${fromNetworkError(error, name).details['reason'] as string}`, {
      cause: error,
    });
  }
}

/** Asks an HTTP proxy for a tunnel. @see RFC 9110 §9.3.6 */
async function openConnectTunnel(
  transport: Socket,
  { credentials }: Proxy,
  { host, port }: Target,
  signal: AbortSignal,
): Promise<Socket> {
  const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const asking = request({
    method: 'CONNECT',
    path: authority,
    headers: {
      host: authority,
      ...(credentials && {
        'proxy-authorization': `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`,
      }),
    },
    createConnection: () => transport,
    signal,
  });
  asking.end();
  try {
    // Node makes any answer to CONNECT a "connect" event.
    const [response, , head] = (await once(asking, 'connect')) as [{ statusCode: number }, Duplex, Buffer];
    if (response.statusCode < 200 || response.statusCode > 299) {
      throw new Error(`it answers ${response.statusCode} to CONNECT ${authority}`);
    }
    if (head.length > 0) transport.unshift(head);
    return transport;
  } catch (error) {
    destroySilently(transport);
    throw error;
  }
}

/** Asks a SOCKS5 proxy (RFC 1928); a host name goes to it unresolved. */
async function openSocksTunnel(
  socket: Socket,
  { host, port, credentials }: Proxy,
  destination: Target,
  signal: AbortSignal,
): Promise<Socket> {
  // `socks` knows no signal, but gives up when its socket closes.
  const abortListener = addAbortListener(signal, () => socket.destroy());
  try {
    await SocksClient.createConnection({
      command: 'connect',
      destination,
      existing_socket: socket,
      timeout: connectTimeoutMs,
      proxy: {
        host,
        port,
        type: 5,
        ...(credentials && { userId: credentials.username, password: credentials.password }),
      },
    });
    return socket;
  } catch (error) {
    destroySilently(socket);
    throw error;
  } finally {
    abortListener[Symbol.dispose]();
  }
}
