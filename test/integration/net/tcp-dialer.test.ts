import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { createTcpDialer } from '../../../src/net/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { countOpenSockets, startServer, waitFor } from '../../support/sockets.ts';

const host = '127.0.0.1';

test('a dial without an answer ends after 10 s with NET_TIMEOUT and leaves nothing behind', async () => {
  const clock = createFakeClock();
  await using server = await startServer(() => undefined);
  const before = await countOpenSockets();
  const { signal } = new AbortController();
  const dial = createTcpDialer({ clock }).dial({ host, port: server.port }, { signal });
  const message = `No answer from 127.0.0.1:${String(server.port)} within 10 s`;
  // The handshake takes a turn of the event loop, the clock of this test none.
  await Promise.all([assert.rejects(dial, { code: 'NET_TIMEOUT', message }), clock.advance(10_000)]);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  for (const socket of server.sockets) socket.destroy();
  await waitFor('the socket to be closed', async () => (await countOpenSockets()) <= before);
});

test('a dial ends with the reason of its signal and leaves nothing behind', async () => {
  const clock = createFakeClock();
  await using server = await startServer(() => undefined);
  const before = await countOpenSockets();
  const controller = new AbortController();
  const reason = new Error('no longer wanted');
  const dial = createTcpDialer({ clock }).dial({ host, port: server.port }, controller);
  controller.abort(reason);
  await assert.rejects(dial, reason);
  assert.equal(clock.pendingTimers, 0);
  for (const socket of server.sockets) socket.destroy();
  await waitFor('the socket to be closed', async () => (await countOpenSockets()) <= before);
});

test('a dial that succeeds leaves no timer and no listener behind', async () => {
  const clock = createFakeClock();
  await using server = await startServer(() => undefined);
  const { signal } = new AbortController();
  const stream = await createTcpDialer({ clock }).dial({ host, port: server.port }, { signal });
  assert.equal(clock.pendingTimers, 0);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  assert.equal(stream.listenerCount('error'), 0);
  stream.destroy();
});

test('a name that does not exist is NET_NAME_NOT_FOUND', async () => {
  const { signal } = new AbortController();
  const dialer = createTcpDialer({ clock: createFakeClock() });
  // RFC 6761 §6.4: names under "invalid" never exist. A machine without a resolver answers EAI_AGAIN instead.
  const error = await dialer.dial({ host: 'shop.invalid', port: 80 }, { signal }).catch((e: unknown) => e);
  assert.match((error as { code: string }).code, /^(NET_NAME_NOT_FOUND|NET_UNREACHABLE)$/);
});
