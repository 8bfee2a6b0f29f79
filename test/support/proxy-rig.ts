/** A proxy server that dials from this machine, and clients that speak to it byte by byte. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { nullLogger, systemClock } from '../../src/core/index.ts';
import { createTcpDialer, createUdpDialer } from '../../src/net/index.ts';
import { startProxyServer, type ProxyServer, type ProxyServerOptions } from '../../src/proxy-server/index.ts';
import { openClient, waitFor, type Client } from './sockets.ts';

export function startTestProxy(options: Partial<ProxyServerOptions> = {}): Promise<ProxyServer> {
  return startProxyServer({
    host: '127.0.0.1',
    port: 0,
    dialer: createTcpDialer({ clock: systemClock }),
    datagramDialer: createUdpDialer(),
    clock: systemClock,
    logger: nullLogger,
    ...options,
  });
}

export interface HttpTarget extends AsyncDisposable {
  readonly server: Server;
  readonly port: number;
  /** `127.0.0.1:port`. */
  readonly authority: string;
}

/** A web server on loopback. Disposal cuts what is still open. */
export async function startHttpTarget(listener: RequestListener): Promise<HttpTarget> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    server,
    port,
    authority: `127.0.0.1:${String(port)}`,
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Joins lines with CRLF and ends them with an empty one: the head of an HTTP message. */
export function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Sends `bytes` on a connection of its own. */
export async function send(port: number, bytes: string | Buffer): Promise<Client> {
  const client = await openClient(port);
  client.stream.write(bytes, 'latin1');
  return client;
}

/** Waits until `client` has received something that matches, and returns everything received. */
export async function receive(client: Client, expected: RegExp): Promise<string> {
  await waitFor(String(expected), () => expected.test(client.text())).catch(() => {
    throw new Error(`Expected ${String(expected)}, received ${JSON.stringify(client.text())}`);
  });
  return client.text();
}
