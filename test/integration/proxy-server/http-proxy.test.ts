import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../support/fake-clock.ts';
import { head, receive, send, startHttpTarget, startTestProxy } from '../../support/proxy-rig.ts';
import { startServer, waitFor } from '../../support/sockets.ts';

const echoPath = (): ReturnType<typeof startHttpTarget> => {
  return startHttpTarget((request, response) => response.end(`<${request.url ?? ''}>`));
};

test('one connection serves requests to different targets, one after the other', async () => {
  await using one = await echoPath();
  await using two = await echoPath();
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, head(`GET http://${one.authority}/1 HTTP/1.1`, 'Host: a'));
  await receive(client, /<\/1>/);
  client.stream.write(head(`GET http://${two.authority}/2 HTTP/1.1`, 'Host: a'));
  await receive(client, /<\/2>/);
  client.stream.destroy();
});

test('pipelined requests are answered in order, and not sent on before their turn', async () => {
  const seen: string[] = [];
  const pending: (() => void)[] = [];
  await using target = await startHttpTarget((request, response) => {
    seen.push(request.url ?? '');
    pending.push(() => response.end(`<${request.url ?? ''}>`));
  });
  await using proxy = await startTestProxy();
  const requests = ['/1', '/2', '/3'].map((path) =>
    head(`GET http://${target.authority}${path} HTTP/1.1`, 'Host: a'),
  );
  const client = await send(proxy.port, requests.join(''));
  for (const [index, path] of ['/1', '/2', '/3'].entries()) {
    await waitFor(path, () => seen.length === index + 1);
    pending[index]?.();
    await receive(client, new RegExp(`<${path}>`));
  }
  assert.deepEqual(client.text().match(/<.*?>/g), ['</1>', '</2>', '</3>']);
  client.stream.destroy();
});

test('more than 100 pipelined requests are a reset', async () => {
  await using target = await startServer((socket) => socket.resume());
  await using proxy = await startTestProxy();
  const request = head(`GET http://127.0.0.1:${String(target.port)}/ HTTP/1.1`, 'Host: a');
  const client = await send(proxy.port, request.repeat(101));
  await client.closed;
  assert.deepEqual(client.events, ['ECONNRESET', 'close']);
});

test('a client that sends half a request is reset after 10 s', async () => {
  const clock = createFakeClock();
  await using proxy = await startTestProxy({ clock });
  const client = await send(proxy.port, 'GET http://shop/ HTTP/1.1\r\nHost:');
  await waitFor('the first bytes', () => proxy.connectionCount === 1);
  await clock.advance(9_999);
  assert.deepEqual(client.events, []);
  await clock.advance(1);
  await client.closed;
  assert.deepEqual(client.events, ['ECONNRESET', 'close']);
  assert.equal(clock.pendingTimers, 0);
});

test('a connection is closed when it has been idle for 60 s, and not while a request is served', async () => {
  const clock = createFakeClock();
  let answer: (() => void) | undefined;
  await using target = await startHttpTarget((_request, response) => (answer = () => response.end('done')));
  await using proxy = await startTestProxy({ clock });
  const client = await send(proxy.port, head(`GET http://${target.authority}/ HTTP/1.1`, 'Host: a'));
  await waitFor('the request', () => answer !== undefined);
  await clock.advance(3_600_000);
  answer?.();
  await receive(client, /done/);
  await waitFor('the idle timer', () => clock.pendingTimers === 1);
  await clock.advance(59_999);
  assert.deepEqual(client.events, []);
  await clock.advance(1);
  await waitFor('the end', () => client.events.includes('end'));
  client.stream.end();
  await client.closed;
});

test('a request that is no proxy request is told what this is', async () => {
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, head('GET / HTTP/1.1', `Host: 127.0.0.1:${String(proxy.port)}`));
  await receive(client, /^HTTP\/1.1 400 .*this is a proxy, and "\/" names no host/s);
  client.stream.destroy();
});

test('a request to the proxy itself is 403', async () => {
  await using proxy = await startTestProxy();
  const client = await send(
    proxy.port,
    head(`GET http://localhost:${String(proxy.port)}/ HTTP/1.1`, 'Host: a'),
  );
  await receive(client, /^HTTP\/1.1 403 .*this is the proxy itself/s);
  client.stream.destroy();
});

test('credentials are demanded with 407, of requests, CONNECT and Upgrade alike', async () => {
  await using target = await startServer((socket) => socket.resume());
  await using proxy = await startTestProxy({ credentials: { username: 'me', password: 'pw' } });
  const authority = `127.0.0.1:${String(target.port)}`;
  for (const lines of [
    [`GET http://${authority}/ HTTP/1.1`, 'Host: a'],
    [`CONNECT ${authority} HTTP/1.1`, 'Host: a'],
    [`GET http://${authority}/ HTTP/1.1`, 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket'],
  ]) {
    const client = await send(proxy.port, head(...lines));
    await receive(client, /^HTTP\/1.1 407 .*Proxy-Authenticate: Basic realm="tp"/s);
    client.stream.destroy();
  }
  assert.equal(target.sockets.length, 0);
  const right = await send(
    proxy.port,
    head(`CONNECT ${authority} HTTP/1.1`, 'Host: a', `Proxy-Authorization: Basic ${btoa('me:pw')}`),
  );
  await receive(right, /^HTTP\/1.1 200 /);
  right.stream.destroy();
});
