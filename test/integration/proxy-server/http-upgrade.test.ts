import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { WebSocketServer, WebSocket, type RawData } from 'ws';
import { head, receive, send, startHttpTarget, startTestProxy } from '../../support/proxy-rig.ts';
import { record, startServer, waitFor, type Recording } from '../../support/sockets.ts';

function upgrade(port: number, ...fields: string[]): string {
  return head(`GET http://127.0.0.1:${String(port)}/chat HTTP/1.1`, 'Host: a', ...fields);
}

const webSocket = ['Connection: keep-alive, Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];

test('a WebSocket works through the proxy', async () => {
  await using target = await startHttpTarget((_request, response) => response.end());
  const server = new WebSocketServer({ server: target.server });
  server.on('connection', (socket) => socket.on('message', (data: RawData) => socket.send(data)));
  await using proxy = await startTestProxy();
  // ws knows no proxies; one that is asked by absolute-form needs no more than the connection and the path.
  const socket = new WebSocket(`ws://${target.authority}/`, {
    createConnection: () => connectSocket(proxy.port),
    finishRequest: (request: { path: string; end: () => void }) => {
      request.path = `http://${target.authority}/`;
      request.end();
    },
  });
  await once(socket, 'open');
  const payload = Buffer.alloc(300_000, 'x');
  socket.send(payload);
  const [echo] = (await once(socket, 'message')) as [Buffer];
  assert.ok(echo.equals(payload));
  socket.close();
  await once(socket, 'close');
  server.close();
});

test('request and answer of an upgrade keep their fields, and bytes around them are not lost', async () => {
  let request: Recording | undefined;
  await using target = await startServer((socket) => {
    request = record(socket);
    socket.once('data', () => {
      const answer = [
        'HTTP/1.1 101 Switching Protocols',
        'Upgrade: websocket',
        'Connection: Upgrade',
        'X-A: 1',
      ];
      socket.write(`${head(...answer)}first frame`);
    });
    socket.once('end', () => socket.end(' goodbye'));
  });
  await using proxy = await startTestProxy();
  const client = await send(
    proxy.port,
    `${upgrade(target.port, ...webSocket, 'Proxy-Connection: x')}early frame`,
  );
  const switched = head(
    'HTTP/1.1 101 Switching Protocols',
    'X-A: 1',
    'Connection: Upgrade',
    'Upgrade: websocket',
  );
  assert.equal(await receive(client, /first frame$/), `${switched}first frame`);
  client.stream.end(' last frame');
  await client.closed;
  assert.equal(client.text(), `${switched}first frame goodbye`);
  assert.equal(
    request?.text(),
    head(
      'GET /chat HTTP/1.1',
      `Host: 127.0.0.1:${String(target.port)}`,
      'Sec-WebSocket-Version: 13',
      'Connection: Upgrade',
      'Upgrade: websocket',
    ) + 'early frame last frame',
  );
});

test('a target that does not switch is passed on with its content, and the connection ends', async () => {
  await using target = await startHttpTarget((_request, response) => {
    response.writeHead(426, { 'X-A': '1', 'Keep-Alive': 'x' });
    response.write('not ');
    response.end('here');
  });
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, upgrade(target.port, ...webSocket));
  await waitFor('the end', () => client.events.includes('end'));
  assert.match(
    client.text(),
    /^HTTP\/1.1 426 Upgrade Required\r\nX-A: 1\r\n.*Connection: close\r\n\r\nnot here$/s,
  );
  assert.doesNotMatch(client.text(), /keep-alive/i);
  client.stream.end();
  await client.closed;
});

test('a refused target is 502', async () => {
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, upgrade(1, ...webSocket));
  await receive(client, /^HTTP\/1.1 502 .*Connection to 127.0.0.1:1 refused\n$/s);
  client.stream.destroy();
});

for (const [name, act] of [
  ['closes', (socket: import('node:net').Socket): unknown => socket.end()],
  ['resets', (socket: import('node:net').Socket): unknown => socket.resetAndDestroy()],
  ['answers nonsense', (socket: import('node:net').Socket): unknown => socket.write('SSH-2.0\r\n\r\n')],
] as const) {
  test(`a target that ${name} instead of answering is 502`, async () => {
    await using target = await startServer((socket) => socket.once('data', () => act(socket)));
    await using proxy = await startTestProxy();
    const client = await send(proxy.port, upgrade(target.port, ...webSocket));
    await receive(client, /^HTTP\/1.1 502 /);
    client.stream.destroy();
  });
}

test('a response that breaks off instead of an upgrade does not look complete', async () => {
  await using target = await startServer((socket) => {
    socket.once('data', () => {
      socket.write(head('HTTP/1.1 200 OK', 'Content-Length: 100') + 'half');
      setTimeout(() => socket.resetAndDestroy(), 20);
    });
  });
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, upgrade(target.port, ...webSocket));
  await client.closed;
  assert.deepEqual(client.events, ['ECONNRESET', 'close']);
});

test('a client that goes away before the answer ends its request at the target', async () => {
  let request: Recording | undefined;
  await using target = await startServer((socket) => (request = record(socket)));
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, upgrade(target.port, ...webSocket));
  await waitFor('the request', () => request !== undefined && request.text() !== '');
  client.stream.resetAndDestroy();
  await waitFor('the end of the request', () => (request?.events.length ?? 0) > 0);
});

test('an offer of h2c is ignored, content and the next request are understood', async () => {
  const seen: IncomingMessage[] = [];
  await using target = await startHttpTarget((request, response) => {
    seen.push(request);
    request.pipe(response);
  });
  await using proxy = await startTestProxy();
  const fields = [
    'Host: a',
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABk',
  ];
  const post = head(`POST http://${target.authority}/1 HTTP/1.1`, ...fields, 'Content-Length: 5', 'X-A: é');
  const client = await send(proxy.port, `${post}hello`);
  await receive(client, /hello\r\n0\r\n\r\n$/);
  client.stream.write(head(`GET http://${target.authority}/2 HTTP/1.1`, ...fields));
  await receive(client, /hello.*HTTP\/1.1 200 /s);
  assert.deepEqual(
    seen.map(({ url, headers }) => [url, headers.upgrade, headers['http2-settings'], headers['x-a']]),
    [
      ['/1', undefined, undefined, 'é'],
      ['/2', undefined, undefined, undefined],
    ],
  );
  client.stream.destroy();
});

test('an upgrade with content is served without the upgrade', async () => {
  await using target = await startHttpTarget((request, response) => {
    assert.equal(request.headers.upgrade, undefined);
    request.pipe(response);
  });
  await using proxy = await startTestProxy();
  const post = head(
    `POST http://${target.authority}/ HTTP/1.1`,
    'Host: a',
    ...webSocket,
    'Content-Length: 5',
  );
  const client = await send(proxy.port, `${post}hello`);
  await receive(client, /^HTTP\/1.1 200 .*hello/s);
  client.stream.destroy();
});

test('an offer while the response to another request is on its way is a reset', async () => {
  await using target = await startServer((socket) => socket.resume());
  await using proxy = await startTestProxy();
  const fields = [
    'Host: a',
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABk',
  ];
  const request = head(`GET http://127.0.0.1:${String(target.port)}/ HTTP/1.1`, 'Host: a');
  const client = await send(proxy.port, request + request.replace('Host: a', fields.join('\r\n')));
  await client.closed;
  assert.deepEqual(client.events, ['ECONNRESET', 'close']);
});
