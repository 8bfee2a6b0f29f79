/** Proxies for tests: HTTP CONNECT (plain or TLS) and SOCKS5. Whatever host is asked for, they dial one port of loopback. */
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';
import type { Leaf } from '../../src/pki/index.ts';

export interface FakeProxy {
  readonly port: number;
  /** What clients asked for: `host:port`, in order. */
  readonly targets: readonly string[];
}

export interface FakeProxyOptions {
  /** The port that every connection leads to. */
  targetPort: number;
  credentials?: { username: string; password: string };
  /** Answers every request with this HTTP status instead. */
  refuseWith?: number;
  /** Makes the proxy itself speak TLS. */
  tls?: Leaf;
}

/** Starts an HTTP proxy that knows CONNECT only. */
export async function startConnectProxy(t: TestContext, options: FakeProxyOptions): Promise<FakeProxy> {
  const { targetPort, credentials, refuseWith, tls } = options;
  const targets: string[] = [];
  const expected =
    credentials &&
    `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
  const server =
    tls === undefined ? createHttpServer() : createHttpsServer({ cert: tls.certificate, key: tls.key });
  server.on('connect', (request: IncomingMessage, client: Duplex) => {
    targets.push(request.url ?? '');
    const isDenied = expected !== undefined && request.headers['proxy-authorization'] !== expected;
    const status = isDenied ? 407 : refuseWith;
    if (status !== undefined) {
      client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    join(client, targetPort, () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'));
  });
  return { port: await listen(t, server), targets };
}

/** Starts a SOCKS5 proxy (RFC 1928) that knows CONNECT only, with a password (RFC 1929) when one is given. */
export async function startSocksProxy(t: TestContext, options: FakeProxyOptions): Promise<FakeProxy> {
  const targets: string[] = [];
  const server = createTcpServer((client) => {
    serveSocks(client, targets, options).catch(() => client.destroy());
  });
  return { port: await listen(t, server), targets };
}

async function serveSocks(client: Socket, targets: string[], options: FakeProxyOptions): Promise<void> {
  const method = options.credentials === undefined ? 0 : 2;
  const [, methodCount = 0] = await take(client, 2);
  const offered = await take(client, methodCount);
  client.write(Buffer.from([5, offered.includes(method) ? method : 0xff]));
  if (options.credentials !== undefined) {
    const { username, password } = options.credentials;
    const [, nameLength = 0] = await take(client, 2);
    const name = (await take(client, nameLength)).toString();
    const [wordLength = 0] = await take(client, 1);
    const word = (await take(client, wordLength)).toString();
    client.write(Buffer.from([1, name === username && word === password ? 0 : 1]));
  }
  const [, , , addressType] = await take(client, 4);
  const length = addressType === 3 ? ((await take(client, 1))[0] ?? 0) : addressType === 4 ? 16 : 4;
  const address = await take(client, length);
  const port = (await take(client, 2)).readUInt16BE();
  targets.push(`${addressType === 3 ? address.toString() : address.join('.')}:${port}`);
  const reply = (code: number): Buffer => Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
  if (options.refuseWith !== undefined) client.end(reply(options.refuseWith));
  else join(client, options.targetPort, () => client.write(reply(0)));
}

/** Takes exactly `size` bytes from a stream that nobody else reads. */
async function take(client: Socket, size: number): Promise<Buffer> {
  for (;;) {
    const bytes = size === 0 ? Buffer.alloc(0) : (client.read(size) as Buffer | null);
    if (bytes !== null) return bytes;
    await once(client, 'readable');
  }
}

function join(client: Duplex, port: number, onConnect: () => void): void {
  const target = connect({ host: '127.0.0.1', port });
  target.on('connect', () => {
    onConnect();
    client.pipe(target).pipe(client);
  });
  for (const [one, other] of [
    [client, target],
    [target, client],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}

async function listen(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}
