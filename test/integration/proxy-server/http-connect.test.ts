import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createError } from '../../../src/errors/index.ts';
import type { Dialer } from '../../../src/net/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createDuplexPair } from '../../support/duplex-pair.ts';
import { head, receive, send, startHttpTarget, startTestProxy } from '../../support/proxy-rig.ts';
import { record, startServer, waitFor } from '../../support/sockets.ts';

function connectTo(port: number): string {
  return head(`CONNECT 127.0.0.1:${String(port)} HTTP/1.1`, `Host: 127.0.0.1:${String(port)}`);
}

test('a tunnel carries bytes both ways, those sent with the request too, and keeps half-close', async () => {
  await using target = await startServer((socket) => {
    const request = record(socket);
    socket.once('end', () => socket.end(`got ${request.text()}`));
  });
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, `${connectTo(target.port)}early `);
  await receive(client, /^HTTP\/1.1 200 OK\r\n\r\n$/);
  client.stream.end('late');
  await client.closed;
  assert.equal(client.text(), 'HTTP/1.1 200 OK\r\n\r\ngot early late');
  assert.deepEqual(client.events, ['end', 'close']);
});

test('success is not answered before the target has been reached', async () => {
  const { a, b } = createDuplexPair();
  let open: (() => void) | undefined;
  const dialer: Dialer = { dial: () => new Promise((resolve) => (open = () => resolve(a))) };
  await using proxy = await startTestProxy({ dialer });
  const client = await send(proxy.port, head('CONNECT shop:443 HTTP/1.1', 'Host: shop:443'));
  await waitFor('the dial', () => open !== undefined);
  assert.equal(client.text(), '');
  open?.();
  record(b).stream.write('welcome');
  await receive(client, /welcome$/);
  client.stream.destroy();
});

for (const [error, status] of [
  [createError('NET_REFUSED', { target: 'shop:443' }), '502 Bad Gateway'],
  [createError('TUNNEL_LOST', { reason: 'gone' }), '503 Service Unavailable'],
  [createError('NET_TIMEOUT', { target: 'shop:443', seconds: 10 }), '504 Gateway Timeout'],
] as const) {
  test(`${error.code} of the dialer is ${status} with its message, then the connection ends`, async () => {
    await using proxy = await startTestProxy({ dialer: { dial: () => Promise.reject(error) } });
    const client = await send(
      proxy.port,
      `${head('CONNECT shop:443 HTTP/1.1', 'Host: a')}bytes sent too early`,
    );
    await waitFor('the end', () => client.events.includes('end'));
    assert.ok(client.text().startsWith(`HTTP/1.1 ${status}\r\n`));
    assert.ok(client.text().endsWith(`\r\n\r\n${error.message}\n`));
    client.stream.end();
    await client.closed;
    assert.deepEqual(client.events, ['end', 'close']);
  });
}

for (const requestTarget of ['shop', 'http://shop/', 'shop:0', 'me@shop:443', ':443']) {
  test(`CONNECT ${requestTarget} is 400`, async () => {
    await using proxy = await startTestProxy();
    const client = await send(proxy.port, head(`CONNECT ${requestTarget} HTTP/1.1`, 'Host: a'));
    await receive(client, /^HTTP\/1.1 400 /);
    client.stream.destroy();
  });
}

test('a refused client that does not close is reset after 10 s', async () => {
  const clock = createFakeClock();
  await using proxy = await startTestProxy({ clock });
  const client = await send(proxy.port, head('CONNECT shop HTTP/1.1', 'Host: a'));
  await waitFor('the end', () => client.events.includes('end'));
  assert.equal(proxy.connectionCount, 1);
  await clock.advance(10_000);
  await waitFor('the reset', () => proxy.connectionCount === 0);
  client.stream.destroy();
});

test('CONNECT while the response to another request is on its way is a reset', async () => {
  await using target = await startServer((socket) => socket.resume());
  await using proxy = await startTestProxy();
  const authority = `127.0.0.1:${String(target.port)}`;
  const client = await send(
    proxy.port,
    head(`GET http://${authority}/ HTTP/1.1`, 'Host: a') + head(`CONNECT ${authority} HTTP/1.1`, 'Host: a'),
  );
  await client.closed;
  assert.deepEqual(client.events, ['ECONNRESET', 'close']);
});

test('CONNECT may follow a request that has been answered', async () => {
  await using web = await startHttpTarget((_request, response) => response.end('done'));
  await using target = await startServer((socket) => socket.write('welcome'));
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, head(`GET http://${web.authority}/ HTTP/1.1`, 'Host: a'));
  await receive(client, /done/);
  client.stream.write(connectTo(target.port));
  await receive(client, /HTTP\/1.1 200 OK\r\n\r\nwelcome$/);
  client.stream.destroy();
});

test('a reset of the target reaches the client as a reset', async () => {
  await using target = await startServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, connectTo(target.port));
  await receive(client, /200 OK/);
  client.stream.write('x');
  await client.closed;
  assert.deepEqual(client.events, ['ECONNRESET', 'close']);
});
