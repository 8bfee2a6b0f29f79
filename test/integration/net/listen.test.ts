import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { listen } from '../../../src/net/index.ts';
import { countOpenSockets, openClient, record, startServer, waitFor } from '../../support/sockets.ts';

const host = '127.0.0.1';

test('listen() chooses a port and hands out half-open sockets without delay', async () => {
  const sockets: Socket[] = [];
  await using listener = await listen({ host, port: 0, onConnection: (socket) => sockets.push(socket) });
  assert.equal(listener.address, host);
  assert.ok(listener.port > 0);
  await openClient(listener.port);
  await waitFor('the connection', () => sockets.length === 1);
  assert.equal(sockets[0]?.allowHalfOpen, true);
  assert.equal(listener.connectionCount, 1);
});

test('listen() says that a port is in use', async () => {
  await using other = await startServer(() => undefined);
  await assert.rejects(listen({ host, port: other.port, onConnection: () => undefined }), {
    code: 'LOCAL_PORT_IN_USE',
    message: `Cannot listen on 127.0.0.1:${String(other.port)}: another program uses this port`,
  });
});

test('listen() says why it cannot listen', async () => {
  await assert.rejects(listen({ host: '192.0.2.1', port: 0, onConnection: () => undefined }), {
    code: 'LOCAL_LISTEN_FAILED',
    message: 'Cannot listen on 192.0.2.1:0: this machine does not have this address',
  });
});

test('a connection that breaks at once does not end the process', async () => {
  await using listener = await listen({ host, port: 0, onConnection: (socket) => socket.write('x') });
  const client = await openClient(listener.port);
  await waitFor('a byte', () => client.text() === 'x');
  assert.equal(listener.connectionCount, 1);
  client.stream.resetAndDestroy();
  await waitFor('the connection to be forgotten', () => listener.connectionCount === 0);
});

test('stopAccepting() refuses new connections and leaves the open ones', async () => {
  await using listener = await listen({ host, port: 0, onConnection: (socket) => socket.pipe(socket) });
  const client = await openClient(listener.port);
  await waitFor('the connection', () => listener.connectionCount === 1);
  listener.stopAccepting();
  listener.stopAccepting();
  await assert.rejects(openClient(listener.port), { code: 'ECONNREFUSED' });
  client.stream.end('still here');
  await client.closed;
  assert.equal(client.text(), 'still here');
});

test('close() resets open connections, twice is once, and no descriptor is left', async () => {
  const before = await countOpenSockets();
  const listener = await listen({ host, port: 0, onConnection: (socket) => record(socket) });
  const client = await openClient(listener.port);
  await waitFor('the connection', () => listener.connectionCount === 1);
  await Promise.all([listener.close(), listener.close()]);
  await client.closed;
  assert.deepEqual(client.events, ['ECONNRESET', 'close']);
  await waitFor('descriptors to be closed', async () => (await countOpenSockets()) <= before);
});

test('a connection over the limit is reset, and there is room again when one has ended', async () => {
  const onConnection = (socket: Socket): unknown => socket.pipe(socket);
  await using listener = await listen({ host, port: 0, maximumConnections: 1, onConnection });
  const first = await openClient(listener.port);
  await waitFor('the connection', () => listener.connectionCount === 1);
  // The reset may come before the client knows that it is connected.
  const second = record(connect(listener.port, host));
  await second.closed;
  assert.deepEqual(second.events, ['ECONNRESET', 'close']);
  first.stream.end();
  await first.closed;
  await waitFor('room', () => listener.connectionCount === 0);
  const third = await openClient(listener.port);
  third.stream.end('hello');
  await third.closed;
  assert.equal(third.text(), 'hello');
});
