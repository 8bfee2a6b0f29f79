import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { resetSocket } from '../../../src/net/index.ts';
import {
  countOpenSockets,
  findClosedPort,
  openClient,
  record,
  startServer,
  waitFor,
} from '../../support/sockets.ts';

/** Connects, lets `act` have the server's socket, and returns what both ends saw. */
async function observe(act: (socket: Socket) => void): Promise<{ client: string[]; server: string[] }> {
  const before = await countOpenSockets();
  let server: string[] = [];
  await using target = await startServer((socket) => {
    server = record(socket).events;
    socket.once('data', () => act(socket));
  });
  const client = await openClient(target.port);
  client.stream.write('go');
  await waitFor('the socket to be closed', () => server.includes('close'));
  await waitFor('the client to see it', () => client.events.length > 0);
  client.stream.destroy();
  await client.closed;
  // The listening socket is still open.
  await waitFor('descriptors to be closed', async () => (await countOpenSockets()) <= before + 1);
  return { client: client.events, server };
}

test('resetSocket() makes the peer see a reset', async () => {
  const seen = await observe(resetSocket);
  assert.deepEqual(seen, { client: ['ECONNRESET', 'close'], server: ['close'] });
});

test('resetSocket() after end() without data neither fails nor leaks', async () => {
  // resetAndDestroy() alone: error EINVAL, no close, and the descriptor stays open for ever.
  const seen = await observe((socket) => {
    socket.end();
    resetSocket(socket);
  });
  assert.deepEqual(seen.server, ['close']);
});

test('resetSocket() between end() and finish neither fails nor leaks', async () => {
  const seen = await observe((socket) => {
    socket.end('bye');
    process.nextTick(() => resetSocket(socket));
  });
  assert.deepEqual(seen.server, ['close']);
});

test('resetSocket() after finish neither fails nor leaks', async () => {
  const seen = await observe((socket) => {
    socket.end('bye', () => resetSocket(socket));
  });
  assert.deepEqual(seen.server, ['close']);
});

test('resetSocket() drops what the peer does not read', async () => {
  const seen = await observe((socket) => {
    socket.write(Buffer.alloc(50_000_000));
    socket.end();
    resetSocket(socket);
  });
  assert.deepEqual(seen.server, ['close']);
});

test('resetSocket() twice, and on a destroyed socket, does nothing more', async () => {
  const seen = await observe((socket) => {
    resetSocket(socket);
    resetSocket(socket);
  });
  assert.deepEqual(seen.server, ['close']);
});

test('resetSocket() does not wait for a connection that is being made', async () => {
  const socket = connect({ port: await findClosedPort(), host: '127.0.0.1' });
  const recording = record(socket);
  assert.equal(socket.connecting, true);
  resetSocket(socket);
  await recording.closed;
  assert.deepEqual(recording.events, ['close']);
});

test('resetSocket() destroys a unix socket, which cannot be reset', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'reset-socket-'));
  const server = createServer((socket) => resetSocket(socket)).listen(join(folder, 's'));
  await once(server, 'listening');
  const client = record(connect(join(folder, 's')));
  await client.closed;
  server.close();
  await rm(folder, { recursive: true });
});

test('resetSocket() destroys a TLS socket, which cannot be reset', async () => {
  await using target = await startServer((socket) => socket.resume());
  const raw = await openClient(target.port);
  const socket = connectTls({ socket: raw.stream });
  const recording = record(socket);
  resetSocket(socket);
  await recording.closed;
  assert.deepEqual(recording.events, ['close']);
});

test('resetSocket() destroys any other stream with an error, so that it can send a reset of its own', async () => {
  let reason: Error | null = null;
  const stream = new Duplex({
    destroy(error, callback): void {
      reason = error;
      callback(error);
    },
  });
  const recording = record(stream);
  resetSocket(stream);
  await recording.closed;
  assert.equal((reason as { code?: string } | null)?.code, 'NET_RESET');
});
