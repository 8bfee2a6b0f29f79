/** Connections, retries, deadlines and cancellation of requests. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { isToolError } from '../../../src/errors/index.ts';
import { paths } from '../../../src/kube/index.ts';
import { idleTimeoutMs, maximumRetries, responseTimeoutMs } from '../../../src/kube/api-transport.ts';
import { connectTimeoutMs } from '../../../src/kube/connector.ts';
import { startFakeApiServer, statusAnswer, type FakeAnswer } from '../../support/fake-api-server.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createTestClient } from '../../support/fake-kubeconfig.ts';
import { findClosedPort, startServer, waitFor } from '../../support/sockets.ts';

const { signal } = new AbortController();
const path = paths.pods('demo', 'a');

function isUnreachable(pattern: RegExp): (error: unknown) => boolean {
  return (error) => isToolError(error, 'KUBE_UNREACHABLE') && pattern.test(error.message);
}

test('requests share a kept-alive connection, which close() ends', async (t) => {
  const server = await startFakeApiServer(t, { tls: true });
  const client = await createTestClient(t, server);
  await client.get(path, { signal });
  await client.get(path, { signal });
  assert.equal(server.connections.size, 1);
  client.close();
  await waitFor('the connection to be closed', () => server.connections.size === 0);
});

test('a kept-alive connection that the server closed is replaced', async (t) => {
  const server = await startFakeApiServer(t, {
    // A load balancer that drops the connection instead of answering the second request on it.
    answer: () =>
      server.requests.length === 2 ? { write: (response) => response.socket?.destroy() } : { body: { a: 1 } },
  });
  const client = await createTestClient(t, server);
  await client.get(path, { signal });
  assert.deepEqual(await client.get(path, { signal }), { a: 1 });
  assert.equal(server.requests.length, 3);
});

test('connections from before a sleep of the machine are not used again', async (t) => {
  const clock = createFakeClock();
  const server = await startFakeApiServer(t);
  const client = await createTestClient(t, server, { clock });
  await client.get(path, { signal });
  const [before] = server.connections;
  await clock.advance(idleTimeoutMs + 1);
  await client.get(path, { signal });
  await waitFor('the old connection to be closed', () => server.connections.size === 1);
  assert.notEqual([...server.connections][0], before);
});

test('a write is not sent twice', async (t) => {
  const server = await startFakeApiServer(t, {
    answer: () => (server.requests.length === 1 ? {} : { write: (response) => response.destroy() }),
  });
  const client = await createTestClient(t, server);
  await client.create(paths.pods('demo'), {}, { signal });
  await assert.rejects(client.create(paths.pods('demo'), {}, { signal }), isUnreachable(/connection reset/));
  assert.equal(server.requests.length, 2);
});

test('Retry-After is waited for', async (t) => {
  const clock = createFakeClock();
  const busy: FakeAnswer = { ...statusAnswer(429, 'TooManyRequests'), headers: { 'retry-after': '3' } };
  const server = await startFakeApiServer(t, {
    answer: () => (server.requests.length === 1 ? busy : { body: { a: 1 } }),
  });
  const client = await createTestClient(t, server, { clock });
  const answer = client.create(paths.pods('demo'), {}, { signal });
  await waitFor('the first answer', () => server.requests.length === 1 && clock.pendingTimers === 1);
  await clock.advance(2_999);
  assert.equal(server.requests.length, 1);
  await clock.advance(1);
  assert.deepEqual(await answer, { a: 1 });
});

test('Retry-After is not waited for endlessly, nor when it is long or missing', async (t) => {
  let seconds: string | undefined = '0';
  const server = await startFakeApiServer(t, {
    answer: () => ({
      ...statusAnswer(503, 'ServiceUnavailable'),
      headers: seconds === undefined ? {} : { 'retry-after': seconds },
    }),
  });
  const client = await createTestClient(t, server);
  await assert.rejects(client.get(path, { signal }), /503/);
  assert.equal(server.requests.length, 1 + maximumRetries);
  for (seconds of ['3600', 'Wed, 21 Oct 2015 07:28:00 GMT', undefined]) {
    const before = server.requests.length;
    await assert.rejects(client.get(path, { signal }), /503/);
    assert.equal(server.requests.length, before + 1);
  }
});

test('an abort ends the request and gives its reason', async (t) => {
  const server = await startFakeApiServer(t, { answer: () => new Promise(() => undefined) });
  const client = await createTestClient(t, server);
  const controller = new AbortController();
  const answer = client.get(path, { signal: controller.signal });
  await waitFor('the request', () => server.requests.length === 1);
  const reason = new Error('the user went away');
  controller.abort(reason);
  await assert.rejects(answer, reason);
  await waitFor('the connection to be closed', () => server.connections.size === 0);
  await assert.rejects(client.get(path, { signal: controller.signal }), reason);
});

test('an abort while the body arrives gives its reason too', async (t) => {
  const server = await startFakeApiServer(t, {
    answer: () => ({ write: (response) => response.write('{"half":') }),
  });
  const client = await createTestClient(t, server);
  const controller = new AbortController();
  const answer = client.get(path, { signal: controller.signal });
  await waitFor('the request', () => server.requests.length === 1);
  const reason = new Error('the user went away');
  controller.abort(reason);
  await assert.rejects(answer, reason);
});

test('a body that breaks off is KUBE_UNREACHABLE', async (t) => {
  const server = await startFakeApiServer(t, {
    answer: () => ({
      headers: { 'content-length': '100' },
      write: (response) => response.write('{', () => response.destroy()),
    }),
  });
  const client = await createTestClient(t, server);
  await assert.rejects(client.get(path, { signal }), isUnreachable(/connection reset|aborted/));
});

test('a server that never answers is given up', async (t) => {
  const clock = createFakeClock();
  const server = await startFakeApiServer(t, { answer: () => new Promise(() => undefined) });
  const client = await createTestClient(t, server, { clock });
  const answer = assert.rejects(client.get(path, { signal }), isUnreachable(/no answer within/));
  await waitFor('the request', () => server.requests.length === 1);
  await clock.advance(responseTimeoutMs);
  await answer;
  assert.equal(clock.pendingTimers, 0);
});

test('a server that accepts and stays silent in TLS is given up', async (t) => {
  const clock = createFakeClock();
  await using silent = await startServer(() => undefined);
  const client = await createTestClient(
    t,
    { port: silent.port, authority: { certificate: '', key: '' } },
    { clock },
  );
  const answer = assert.rejects(client.get(path, { signal }), isUnreachable(/no connection within/));
  await waitFor('the connection', () => silent.sockets.length === 1);
  await clock.advance(connectTimeoutMs);
  await answer;
});

test('a closed port is KUBE_UNREACHABLE with the reason', async (t) => {
  const client = await createTestClient(t, { port: await findClosedPort(), authority: undefined });
  await assert.rejects(client.get(path, { signal }), isUnreachable(/127\.0\.0\.1:\d+: connection refused$/));
});

test('the certificate of the server is checked', async (t) => {
  const server = await startFakeApiServer(t, { tls: true });
  const check = async (cluster: object): Promise<unknown> => {
    const client = await createTestClient(t, server, { cluster });
    return client.get(path, { signal });
  };
  await check({});
  await assert.rejects(check({ 'tls-server-name': 'other.test' }), isUnreachable(/other\.test/));
  await assert.rejects(check({ 'tls-server-name': undefined }), isUnreachable(/IP: 127\.0\.0\.1/));
  const unknown = { 'certificate-authority-data': undefined };
  await assert.rejects(check(unknown), isUnreachable(/an authority that is not in the kubeconfig/));
  await check({ ...unknown, 'insecure-skip-tls-verify': true });
});

test('an answer that is no HTTP is KUBE_UNREACHABLE', async (t) => {
  const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n')).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await waitFor('listening', () => server.listening);
  const { port } = server.address() as { port: number };
  const client = await createTestClient(t, { port, authority: undefined });
  await assert.rejects(client.get(path, { signal }), isUnreachable(/Parse Error/));
});
