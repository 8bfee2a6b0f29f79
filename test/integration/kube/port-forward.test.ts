/** Port-forwards against a fake kubelet: opening, data both ways, backpressure, and every way to end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { test, type TestContext } from 'node:test';
import type { WebSocket } from 'ws';
import { isToolError } from '../../../src/errors/index.ts';
import { bufferedBytes } from '../../../src/kube/port-forward-stream.ts';
import { maximumMessageBytes, openTimeoutMs } from '../../../src/kube/port-forward.ts';
import { maximumDataBytes } from '../../../src/protocol/k8s-channel/index.ts';
import { startFakeApiServer, statusAnswer, type FakeApiServer } from '../../support/fake-api-server.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createTestClient } from '../../support/fake-kubeconfig.ts';
import { record, waitFor } from '../../support/sockets.ts';

const { signal } = new AbortController();
const target = { namespace: 'demo', pod: 'web-0', port: 8080 };

interface Opened {
  stream: Duplex;
  /** The kubelet's end. */
  kubelet: WebSocket;
  server: FakeApiServer;
}

function announce(kubelet: WebSocket): void {
  kubelet.send(Buffer.from([0, 0x90, 0x1f]));
  kubelet.send(Buffer.from([1, 0x90, 0x1f]));
}

async function openStream(t: TestContext, { tls = false } = {}): Promise<Opened> {
  let kubelet: WebSocket | undefined;
  const server = await startFakeApiServer(t, {
    tls,
    onPortForward: (webSocket) => {
      kubelet = webSocket;
      announce(webSocket);
    },
  });
  const client = await createTestClient(t, server);
  const stream = await client.portForward(target, { signal });
  t.after(() => stream.destroy());
  return { stream, kubelet: kubelet ?? assert.fail('no port-forward'), server };
}

/** Opens with a kubelet that does `act` instead of what it should. */
async function openAgainst(t: TestContext, act: (kubelet: WebSocket) => void): Promise<Duplex> {
  const server = await startFakeApiServer(t, { onPortForward: act });
  return (await createTestClient(t, server)).portForward(target, { signal });
}

/** Calls `fill`, which returns how much it has put in so far, until nothing goes in any more. */
async function waitUntilStuck(fill: () => number): Promise<void> {
  let filled = -1;
  let idleRounds = 0;
  await waitFor('the connection to be full', () => {
    const before = filled;
    filled = fill();
    idleRounds = filled === before ? idleRounds + 1 : 0;
    return idleRounds === 20;
  });
}

test('asks for the port with the subprotocol of Kubernetes', async (t) => {
  const { server } = await openStream(t);
  const [request] = server.requests;
  assert.equal(request?.url.pathname, '/api/v1/namespaces/demo/pods/web-0/portforward');
  assert.equal(request.url.search, '?ports=8080');
  assert.equal(request.headers['sec-websocket-protocol'], 'v4.channel.k8s.io');
  assert.equal(request.headers['sec-websocket-extensions'], undefined);
});

for (const tls of [false, true]) {
  test(`carries bytes both ways ${tls ? 'over TLS' : 'in the clear'}`, async (t) => {
    const { stream, kubelet } = await openStream(t, { tls });
    const sent = Buffer.alloc(1_000_003, 'abcdefg');
    const received: Buffer[] = [];
    kubelet.on('message', (message: Buffer) => received.push(message));
    stream.write(sent);
    await waitFor(
      'all bytes',
      () => received.reduce((sum, { length }) => sum + length - 1, 0) === sent.length,
    );
    assert.ok(received.every((message) => message[0] === 0 && message.length <= 1 + maximumDataBytes));
    assert.ok(Buffer.concat(received.map((message) => message.subarray(1))).equals(sent));
    const recording = record(stream);
    kubelet.send(Buffer.from('\0hello '));
    kubelet.send(Buffer.from('\0world'));
    await waitFor('the answer', () => recording.text() === 'hello world');
  });
}

test('small writes that wait are joined into full messages', async (t) => {
  const { stream, kubelet } = await openStream(t);
  const sizes: number[] = [];
  kubelet.on('message', (message: Buffer) => sizes.push(message.length - 1));
  stream.cork();
  for (let i = 0; i < 1_000; i += 1) stream.write(Buffer.alloc(100));
  stream.uncork();
  await waitFor('all bytes', () => sizes.reduce((sum, size) => sum + size, 0) === 100_000);
  assert.deepEqual(sizes, [maximumDataBytes, 100_000 - maximumDataBytes]);
});

test('a slow kubelet slows the writer down', async (t) => {
  const { stream, kubelet } = await openStream(t);
  kubelet.pause();
  const chunk = Buffer.alloc(maximumDataBytes);
  let written = 0;
  // Sooner or later the kernel's buffers are full too; then the stream's own count.
  await waitUntilStuck(() => {
    for (; stream.writableLength < bufferedBytes; written += chunk.length) stream.write(chunk);
    return written;
  });
  assert.ok(stream.writableNeedDrain);
  let received = 0;
  kubelet.on('message', (message: Buffer) => (received += message.length - 1));
  kubelet.resume();
  await once(stream, 'drain');
  await waitFor('all bytes', () => received === written);
});

test('a slow reader slows the kubelet down', async (t) => {
  const { stream, kubelet } = await openStream(t);
  const message = Buffer.alloc(1 + 32 * 1024);
  let sent = 0;
  await waitUntilStuck(() => {
    for (; kubelet.bufferedAmount < bufferedBytes; sent += message.length - 1) kubelet.send(message);
    return sent;
  });
  assert.ok(stream.readableLength <= bufferedBytes + message.length);
  let received = 0;
  stream.on('data', (chunk: Buffer) => (received += chunk.length));
  await waitFor('all bytes', () => received === sent);
});

test('the end at the pod ends the stream in order', async (t) => {
  const { stream, kubelet, server } = await openStream(t);
  const recording = record(stream);
  kubelet.send(Buffer.from('\0bye'));
  kubelet.close(1000);
  await recording.closed;
  assert.deepEqual(recording.events, ['end', 'close']);
  assert.equal(recording.text(), 'bye');
  await waitFor('the connection to be closed', () => server.connections.size === 0);
});

test('end() sends what is queued, then closes both directions', async (t) => {
  const { stream, kubelet, server } = await openStream(t);
  const recording = record(stream);
  let received = 0;
  kubelet.on('message', (message: Buffer) => (received += message.length - 1));
  const kubeletClosed = once(kubelet, 'close');
  stream.end(Buffer.alloc(500_000));
  const [code] = (await kubeletClosed) as [number];
  assert.equal(code, 1000);
  assert.equal(received, 500_000);
  await recording.closed;
  assert.deepEqual(recording.events, ['end', 'close']);
  await waitFor('the connection to be closed', () => server.connections.size === 0);
});

test('destroy() cuts the connection at once', async (t) => {
  const { stream, kubelet, server } = await openStream(t);
  const closed = once(kubelet, 'close');
  stream.destroy();
  const [code] = (await closed) as [number];
  assert.equal(code, 1006);
  await waitFor('the connection to be closed', () => server.connections.size === 0);
});

test('a cut connection is an error', async (t) => {
  const { stream, kubelet } = await openStream(t);
  const recording = record(stream);
  kubelet.terminate();
  await recording.closed;
  assert.deepEqual(recording.events, ['NET_FAILED', 'close']);
});

test('writing to a connection that is being cut fails without an end of the process', async (t) => {
  const { stream, kubelet } = await openStream(t);
  const recording = record(stream);
  kubelet.terminate();
  stream.write(Buffer.alloc(1_000_000));
  await recording.closed;
  assert.deepEqual(recording.events, ['NET_FAILED', 'close']);
});

test('error text of the kubelet is CHANNEL_REFUSED', async (t) => {
  const { stream, kubelet } = await openStream(t);
  const failed = once(stream, 'error').catch((error: unknown) => [error]);
  kubelet.send(Buffer.from('\x01dial tcp4 127.0.0.1:8080: connect: connection refused'));
  const [error] = (await failed) as [Error];
  assert.ok(isToolError(error, 'CHANNEL_REFUSED'));
  assert.match(
    error.message,
    /^Port-forward to port 8080 of pod "web-0" failed: dial tcp4 .* connection refused$/,
  );
});

test('a refusal with the announcement is thrown', async (t) => {
  const opening = openAgainst(t, (kubelet) => {
    announce(kubelet);
    kubelet.send(Buffer.from('\x01connection refused'));
    kubelet.close(1000);
  });
  // Where the packets are cut decides whether the promise or the stream tells; either way it is told.
  await assert.rejects(
    opening.then((stream) => once(stream, 'data')),
    (error) => isToolError(error, 'CHANNEL_REFUSED'),
  );
});

test('violations of the protocol end the stream', async (t) => {
  const isViolation = (error: unknown): boolean => isToolError(error, 'CHANNEL_PROTOCOL');
  await assert.rejects(
    openAgainst(t, (kubelet) => kubelet.send(Buffer.from([0, 1, 1]))),
    isViolation,
  );
  await assert.rejects(
    openAgainst(t, (kubelet) => kubelet.send('text')),
    isViolation,
  );
  const { stream, kubelet } = await openStream(t);
  const recording = record(stream);
  kubelet.send(Buffer.from([7, 1]));
  await recording.closed;
  assert.deepEqual(recording.events, ['CHANNEL_PROTOCOL', 'close']);
});

test('a message that is too large ends the stream', async (t) => {
  const { stream, kubelet } = await openStream(t);
  const recording = record(stream);
  kubelet.send(Buffer.alloc(maximumMessageBytes + 1));
  await recording.closed;
  assert.deepEqual(recording.events, ['NET_FAILED', 'close']);
});

test('a connection that closes before the announcement is refused', async (t) => {
  const isFailed = (error: unknown): boolean => isToolError(error, 'NET_FAILED');
  await assert.rejects(
    openAgainst(t, (kubelet) => kubelet.close(1000)),
    isFailed,
  );
  await assert.rejects(
    openAgainst(t, (kubelet) => kubelet.terminate()),
    isFailed,
  );
});

test('an answer that is no WebSocket becomes the error that it says', async (t) => {
  const answers = [
    statusAnswer(404, 'NotFound', 'pods "web-0" not found'),
    statusAnswer(
      403,
      'Forbidden',
      'pods "web-0" is forbidden: User "ann" cannot get resource "pods/portforward" in API group "" in the namespace "demo"',
    ),
    { status: 500, body: 'pod not found' },
    { status: 200, body: {} },
  ];
  const server = await startFakeApiServer(t, { answer: () => answers.shift() ?? {} });
  const client = await createTestClient(t, server);
  const open = (): Promise<Duplex> => client.portForward(target, { signal });
  await assert.rejects(open(), /pods "web-0" not found/);
  await assert.rejects(open(), (error) => isToolError(error, 'KUBE_FORBIDDEN'));
  await assert.rejects(open(), /\(500\): pod not found/);
  await assert.rejects(open(), (error) => isToolError(error, 'KUBE_REQUEST_FAILED'));
  await waitFor('the connections to be closed', () => server.connections.size === 0);
});

test('an abort while opening gives its reason and leaves nothing', async (t) => {
  const server = await startFakeApiServer(t, { onPortForward: () => undefined });
  const client = await createTestClient(t, server);
  const controller = new AbortController();
  const opening = client.portForward(target, { signal: controller.signal });
  await waitFor('the request', () => server.requests.length === 1);
  const reason = new Error('the user went away');
  controller.abort(reason);
  await assert.rejects(opening, reason);
  await waitFor('the connection to be closed', () => server.connections.size === 0);
});

test('an abort after opening does not touch the stream', async (t) => {
  const server = await startFakeApiServer(t, { onPortForward: announce });
  const client = await createTestClient(t, server);
  const controller = new AbortController();
  const stream = await client.portForward(target, { signal: controller.signal });
  controller.abort();
  assert.equal(stream.destroyed, false);
  stream.destroy();
});

test('a kubelet that never announces is given up', async (t) => {
  const clock = createFakeClock();
  const server = await startFakeApiServer(t, { onPortForward: () => undefined });
  const client = await createTestClient(t, server, { clock });
  const opening = assert.rejects(client.portForward(target, { signal }), /no port-forward within/);
  await waitFor('the request', () => server.requests.length === 1);
  await clock.advance(openTimeoutMs);
  await opening;
  await waitFor('the connection to be closed', () => server.connections.size === 0);
  assert.equal(clock.pendingTimers, 0);
});
