import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createError } from '../../../src/errors/index.ts';
import type { Dialer } from '../../../src/net/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { receive, send, startTestProxy } from '../../support/proxy-rig.ts';
import { createDuplexPair } from '../../support/duplex-pair.ts';
import { openClient, record, startServer, waitFor } from '../../support/sockets.ts';

const hello = '\x05\x01\x00';
const success = '\x05\x00\x00\x01\0\0\0\0\0\0';

function connectRequest(host: string, port: number): string {
  return `\x05\x01\x00\x03${String.fromCharCode(host.length)}${host}${String.fromCharCode(port >> 8, port & 255)}`;
}

test('CONNECT is answered with success and then carries bytes both ways, half-close kept', async () => {
  await using target = await startServer((socket) => {
    const request = record(socket);
    socket.once('end', () => socket.end(`got ${request.text()}`));
  });
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, hello + connectRequest('localhost', target.port) + 'early ');
  await receive(client, /^\x05\x00/s);
  client.stream.end('late');
  await client.closed;
  assert.equal(client.text(), `\x05\x00${success}got early late`);
  assert.deepEqual(client.events, ['end', 'close']);
});

test('success is not answered before the target has been reached, and its name goes to the dialer as it is', async () => {
  const dialled: string[] = [];
  const { a, b } = createDuplexPair();
  let open: () => void = () => undefined;
  const dialer: Dialer = {
    dial: ({ host, port }) => {
      dialled.push(`${host}:${String(port)}`);
      return new Promise((resolve) => (open = () => resolve(a)));
    },
  };
  await using proxy = await startTestProxy({ dialer });
  const client = await send(proxy.port, hello + connectRequest('web-0.web.demo', 80));
  await waitFor('the dial', () => dialled.length === 1);
  assert.deepEqual(dialled, ['web-0.web.demo:80']);
  assert.equal(await receive(client, /^\x05\x00/s), '\x05\x00');
  open();
  record(b).stream.write('welcome');
  await receive(client, /welcome$/);
  assert.equal(client.text(), `\x05\x00${success}welcome`);
  client.stream.destroy();
});

for (const [error, reply] of [
  [createError('NET_REFUSED', { target: 'x' }), 5],
  [createError('NET_NAME_NOT_FOUND', { name: 'x' }), 4],
  [createError('NET_TIMEOUT', { target: 'x', seconds: 10 }), 6],
  [createError('TUNNEL_UNAVAILABLE', {}), 3],
] as const) {
  test(`${error.code} of the dialer is reply ${String(reply)}, then the connection ends`, async () => {
    await using proxy = await startTestProxy({ dialer: { dial: () => Promise.reject(error) } });
    const client = await send(proxy.port, `${hello + connectRequest('shop', 80)}bytes sent too early`);
    await waitFor('the end', () => client.events.includes('end'));
    assert.equal(client.text(), `\x05\x00\x05${String.fromCharCode(reply)}\x00\x01\0\0\0\0\0\0`);
    client.stream.end();
    await client.closed;
  });
}

test('the proxy itself is not dialled: reply 2', async () => {
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, hello + connectRequest('localhost', proxy.port));
  await receive(client, /^\x05\x00\x05\x02/s);
  client.stream.end();
});

test('BIND gets reply 7 and the connection ends', async () => {
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, `${hello}\x05\x02\x00\x01\x7f\0\0\x01\0\x50`);
  await waitFor('the end', () => client.events.includes('end'));
  assert.equal(client.text(), '\x05\x00\x05\x07\x00\x01\0\0\0\0\0\0');
  client.stream.end();
  await client.closed;
});

test('a refused client that does not close is reset after 10 s', async () => {
  const clock = createFakeClock();
  await using proxy = await startTestProxy({ clock });
  const client = await send(proxy.port, `${hello}\x05\x02\x00\x01\x7f\0\0\x01\0\x50`);
  await waitFor('the end', () => client.events.includes('end'));
  assert.equal(proxy.connectionCount, 1);
  await clock.advance(10_000);
  await waitFor('the reset', () => proxy.connectionCount === 0);
  client.stream.destroy();
});

test('user name and password are demanded where there are credentials', async () => {
  await using target = await startServer((socket) => socket.end('inside'));
  await using proxy = await startTestProxy({ credentials: { username: 'me', password: 'pw' } });
  const wrong = await send(proxy.port, '\x05\x01\x02\x01\x02me\x02no');
  await waitFor('the end', () => wrong.events.includes('end'));
  assert.equal(wrong.text(), '\x05\x02\x01\x01');
  wrong.stream.end();
  const right = await send(
    proxy.port,
    `\x05\x01\x02\x01\x02me\x02pw${connectRequest('127.0.0.1', target.port)}`,
  );
  await receive(right, /inside$/);
  right.stream.end();
});

test('a client that says nothing, or stops in the middle, is reset after 10 s', async () => {
  const clock = createFakeClock();
  await using proxy = await startTestProxy({ clock });
  for (const bytes of ['', '\x05', hello, '\x05\x01\x00\x05\x01\x00\x03\x04sh']) {
    const client = await openClient(proxy.port);
    await waitFor('the connection', () => proxy.connectionCount === 1);
    if (bytes !== '') client.stream.write(bytes, 'latin1');
    if (bytes.length > 2) await receive(client, /\x05\x00/s);
    await clock.advance(9_999);
    assert.equal(proxy.connectionCount, 1);
    await clock.advance(1);
    await client.closed;
    assert.deepEqual(client.events, ['ECONNRESET', 'close']);
    await waitFor('the end', () => proxy.connectionCount === 0);
    assert.equal(clock.pendingTimers, 0);
  }
});

test('a client that leaves in the middle leaves nothing behind', async () => {
  const clock = createFakeClock();
  await using proxy = await startTestProxy({ clock });
  for (const bytes of ['', '\x05', hello]) {
    const client = await openClient(proxy.port);
    client.stream.end(bytes, 'latin1');
    await client.closed;
    await waitFor('the end', () => proxy.connectionCount === 0);
    assert.equal(clock.pendingTimers, 0);
  }
});

test('a client that leaves while the target is dialled stops the dial', async () => {
  let dialSignal: AbortSignal | undefined;
  const dialer: Dialer = {
    dial: (_target, { signal }) => {
      dialSignal = signal;
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    },
  };
  await using proxy = await startTestProxy({ dialer });
  const client = await send(proxy.port, hello + connectRequest('slow', 80));
  await waitFor('the dial', () => dialSignal !== undefined);
  client.stream.resetAndDestroy();
  await waitFor('the dial to be stopped', () => dialSignal?.aborted === true);
});

test('a reset of the target reaches the client as a reset', async () => {
  await using target = await startServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, hello + connectRequest('127.0.0.1', target.port));
  await receive(client, /\0{6}$/);
  client.stream.write('x');
  await client.closed;
  assert.deepEqual(client.events, ['ECONNRESET', 'close']);
});

test('close() resets open connections and stops listening', async () => {
  await using target = await startServer((socket) => socket.resume());
  const proxy = await startTestProxy();
  const client = await send(proxy.port, hello + connectRequest('127.0.0.1', target.port));
  await receive(client, /\0{6}$/);
  await Promise.all([proxy.close(), proxy.close()]);
  await client.closed;
  assert.deepEqual(client.events, ['ECONNRESET', 'close']);
  await assert.rejects(openClient(proxy.port), { code: 'ECONNREFUSED' });
});
