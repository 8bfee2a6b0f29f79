import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countOpenSockets, findClosedPort, openClient, startServer, waitFor } from '../../support/sockets.ts';

test('a recording holds text, end and close in order', async () => {
  await using server = await startServer((socket) => socket.end('hello'));
  const client = await openClient(server.port);
  client.stream.end();
  await client.closed;
  assert.equal(client.text(), 'hello');
  assert.deepEqual(client.events, ['end', 'close']);
});

test('nobody listens on a closed port', async () => {
  await assert.rejects(openClient(await findClosedPort()), { code: 'ECONNREFUSED' });
});

test('waitFor() says what it waited for', async () => {
  await assert.rejects(
    waitFor('a miracle', () => false, { timeoutMs: 5 }),
    { message: 'Waited in vain for: a miracle' },
  );
});

test('countOpenSockets() sees a socket come and go', async () => {
  const before = await countOpenSockets();
  const server = await startServer(() => undefined);
  assert.equal(await countOpenSockets(), before + 1);
  await server[Symbol.asyncDispose]();
  assert.equal(await countOpenSockets(), before);
});
