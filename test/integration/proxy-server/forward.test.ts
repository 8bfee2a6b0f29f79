import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nullLogger, systemClock } from '../../../src/core/index.ts';
import { createTcpDialer } from '../../../src/net/index.ts';
import { startForward, type Forward } from '../../../src/proxy-server/index.ts';
import { connect } from 'node:net';
import { findClosedPort, openClient, record, startServer, waitFor } from '../../support/sockets.ts';

const host = '127.0.0.1';

function forwardTo(port: number): Promise<Forward> {
  const dialer = createTcpDialer({ clock: systemClock });
  return startForward({ host, port: 0, target: { host: 'localhost', port }, dialer, logger: nullLogger });
}

test('a connection to the local port is one to the target', async () => {
  await using target = await startServer((socket) => socket.pipe(socket));
  await using forward = await forwardTo(target.port);
  assert.equal(forward.host, host);
  const client = await openClient(forward.port);
  client.stream.end('hello');
  await client.closed;
  assert.equal(client.text(), 'hello');
  await waitFor('the end', () => forward.connectionCount === 0);
});

test('a server that speaks first is heard without a byte from the client', async () => {
  await using target = await startServer((socket) => socket.write('220 ready'));
  await using forward = await forwardTo(target.port);
  const client = await openClient(forward.port);
  await waitFor('the greeting', () => client.text() === '220 ready');
  client.stream.destroy();
});

test('a closed port of the target is a reset at once', async () => {
  await using forward = await forwardTo(await findClosedPort());
  const client = record(connect(forward.port, host));
  await client.closed;
  assert.deepEqual(client.events, ['ECONNRESET', 'close']);
});

test('a local port that is taken is said so', async () => {
  await using other = await startServer(() => undefined);
  const dialer = createTcpDialer({ clock: systemClock });
  const target = { host, port: 1 };
  await assert.rejects(startForward({ host, port: other.port, target, dialer, logger: nullLogger }), {
    code: 'LOCAL_PORT_IN_USE',
  });
});

test('close() resets open connections and stops listening', async () => {
  await using target = await startServer((socket) => socket.write('x'));
  const forward = await forwardTo(target.port);
  const client = await openClient(forward.port);
  await waitFor('a byte', () => client.text() === 'x');
  await Promise.all([forward.close(), forward.close()]);
  await client.closed;
  assert.deepEqual(client.events, ['ECONNRESET', 'close']);
  await assert.rejects(openClient(forward.port), { code: 'ECONNREFUSED' });
});
