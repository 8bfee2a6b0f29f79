/** TCP on loopback for tests: servers, clients that record what happens to them, and conditions to wait for. */
import { once } from 'node:events';
import { readdir, readlink } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** How long a test waits for anything that should happen at once, in milliseconds. */
const patienceMs = 20_000;

export interface TestServer extends AsyncDisposable {
  readonly port: number;
  /** All connections so far. */
  readonly sockets: readonly Socket[];
}

/** Listens on 127.0.0.1 with `allowHalfOpen: true`. Disposal cuts what is still open. */
export async function startServer(onConnection: (socket: Socket) => void): Promise<TestServer> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', ignore);
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A port of 127.0.0.1 where nobody listens. */
export async function findClosedPort(): Promise<number> {
  const server = await startServer(ignore);
  await server[Symbol.asyncDispose]();
  return server.port;
}

/** What happened to a stream, in order: the codes of errors, `end` and `close`. */
export interface Recording {
  readonly stream: Duplex;
  readonly events: string[];
  /** Everything received so far. */
  text(): string;
  /** Waits until the stream is closed, and fails when it stays open. */
  readonly closed: Promise<void>;
}

/** Reads `stream` and records what happens to it. */
export function record(stream: Duplex): Recording {
  const events: string[] = [];
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', (error: NodeJS.ErrnoException) => events.push(error.code ?? error.message));
  stream.on('end', () => events.push('end'));
  stream.on('close', () => events.push('close'));
  return {
    stream,
    events,
    text: () => Buffer.concat(chunks).toString('latin1'),
    get closed(): Promise<void> {
      return waitFor('the stream to be closed', () => events.includes('close'));
    },
  };
}

export interface Client extends Recording {
  readonly stream: Socket;
}

/** Opens a recorded connection to 127.0.0.1 with `allowHalfOpen: true`. */
export async function openClient(port: number): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  await once(socket, 'connect');
  return record(socket) as Client;
}

/** Waits until `condition` holds; fails with `what` when it never does. */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  { timeoutMs = patienceMs }: { timeoutMs?: number } = {},
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`Waited in vain for: ${what}`);
    await delay(2);
  }
}

/** How many sockets this process has open (Linux). */
export async function countOpenSockets(): Promise<number> {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  return (await Promise.all(links)).filter((link) => link.startsWith('socket:')).length;
}

function ignore(): void {
  // nothing to do
}
