/** Sessions that go on after their carrier was cut: agent and client over real sockets and TLS, with a link that breaks. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import type { TakenPort } from '../../../src/contract/index.ts';
import { systemClock } from '../../../src/core/index.ts';
import { createTcpDialer, relay } from '../../../src/net/index.ts';
import type { InterceptedConnection, Tunnel } from '../../../src/tunnel/index.ts';
import { startAgentUnderTest } from '../../support/agent-under-test.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { Link } from '../../support/link.ts';
import { findClosedPort, startServer, waitFor } from '../../support/sockets.ts';

const { signal } = new AbortController();
const MEGABYTE = 1024 * 1024;

interface Owner {
  after(release: () => Promise<void>): void;
}

function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  return waitFor(condition.toString(), condition);
}

/** Greets with `name` and echoes. */
async function startEcho(owner: Owner, name: string): Promise<number> {
  const server = await startServer((socket) => {
    socket.write(`${name}\n`);
    socket.pipe(socket);
  });
  owner.after(async () => server[Symbol.asyncDispose]());
  return server.port;
}

async function takenPort(appPort: number): Promise<TakenPort> {
  return {
    protocol: 'TCP',
    appPort,
    listenPort: await findClosedPort(),
    appContainer: 'web',
    redirect: 'service',
  };
}

function deliverTo(port: number): (connection: InterceptedConnection) => void {
  const dialer = createTcpDialer({ clock: systemClock });
  return (connection) => {
    dialer.dial({ host: '127.0.0.1', port }, { signal }).then(
      (local) => relay(connection.accept(), local, { signal }),
      (error: unknown) => {
        connection.refuse(error);
      },
    );
  };
}

/** Connects and waits for the greeting. */
async function greeted(port: number): Promise<[Socket, string]> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  const [greeting] = (await once(socket, 'data')) as [Buffer];
  return [socket, String(greeting)];
}

async function ask(socket: Duplex, text: string): Promise<string> {
  socket.write(text);
  let received = '';
  while (received.length < text.length) received += String((await once(socket, 'data'))[0]);
  return received;
}

async function pour(stream: Duplex, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  for (let sent = 0; sent < bytes; sent += 64 * 1024) {
    const chunk = randomBytes(64 * 1024);
    hash.update(chunk);
    if (!stream.write(chunk)) await once(stream, 'drain');
  }
  stream.end();
  return hash.digest('hex');
}

async function digest(stream: Duplex): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

test('a flow of 32 MiB each way arrives byte by byte through many cuts', async (t) => {
  // Both ways together at least 64 MiB go through: some 60 carriers.
  const link = await Link.start(t, { lifetimeBytes: () => Math.floor(Math.random() * 2 * MEGABYTE) + 4_000 });
  const agent = await startAgentUnderTest(t, []);
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  t.after(() => server.close());
  const tunnel = await connectThrough(agent, link);
  const { port } = server.address() as AddressInfo;
  const stream = await tunnel.dial({ host: '127.0.0.1', port }, { signal });
  const [sent, received] = await Promise.all([pour(stream, 32 * MEGABYTE), digest(stream)]);
  assert.equal(received, sent);
  assert.ok(link.cuts >= 30, `${link.cuts} cuts`);
});

/** Tries again: the first carrier of a link may be too short for a greeting. */
async function connectThrough(
  agent: Awaited<ReturnType<typeof startAgentUnderTest>>,
  link: Link,
): Promise<Tunnel> {
  for (;;) {
    try {
      return await agent.connect({ link });
    } catch {
      // cut during the handshake
    }
  }
}

test('while the carrier is lost, new connections go to the application at once, and open ones wait', async (t) => {
  const link = await Link.start(t);
  const port = await takenPort(await startEcho(t, 'app'));
  const agent = await startAgentUnderTest(t, [port]);
  const tunnel = await agent.connect({ link, onIntercepted: deliverTo(await startEcho(t, 'laptop')) });
  await tunnel.request({ kind: 'claim', interceptId: 'i', ports: [port] });
  const [open, greeting] = await greeted(port.listenPort);
  assert.equal(greeting, 'laptop\n');

  link.down();
  await until(() => tunnel.detachedForMs !== undefined);
  const answer = ask(open, 'during');
  const [other, from] = await greeted(port.listenPort);
  assert.equal(from, 'app\n');
  other.destroy();

  link.up();
  assert.equal(await answer, 'during');
  assert.equal(tunnel.detachedForMs, undefined);
  const [again, back] = await greeted(port.listenPort);
  assert.equal(back, 'laptop\n');
  assert.equal(agent.sessionCount(), 1);
  again.destroy();
  open.destroy();
});

test('a UDP association goes on after a cut', async (t) => {
  const echo = createSocket('udp4').bind(0, '127.0.0.1');
  await once(echo, 'listening');
  t.after(() => echo.close());
  echo.on('message', (datagram, from) => echo.send(datagram, from.port));
  const link = await Link.start(t);
  const tunnel = await (await startAgentUnderTest(t, [])).connect({ link });
  const association = await tunnel.associate({ host: '127.0.0.1', port: echo.address().port }, { signal });
  const received: string[] = [];
  association.onDatagram((datagram) => received.push(String(datagram)));
  for (const word of ['one', 'two', 'three']) {
    association.send(Buffer.from(word));
    await until(() => received.at(-1) === word);
    link.cut();
    await until(() => tunnel.detachedForMs === undefined);
  }
  association.close();
});

test('a silent carrier is replaced before it is given up, and no flow notices', async (t) => {
  const clock = createFakeClock();
  const link = await Link.start(t);
  const port = await startEcho(t, 'pod');
  const tunnel = await (await startAgentUnderTest(t, [])).connect({ link, clock });
  const stream = await tunnel.dial({ host: '127.0.0.1', port }, { signal });
  stream.on('error', () => undefined);
  await once(stream, 'data');
  link.silence();
  const before = link.connections;
  const answer = ask(stream, 'hello');
  await clock.advance(10_000);
  assert.equal(await answer, 'hello');
  assert.ok(link.connections > before);
});

test('an agent gives up a session 120 s after its carrier was lost: flows are reset, claims are free', async (t) => {
  const clock = createFakeClock();
  const link = await Link.start(t);
  const port = await takenPort(await startEcho(t, 'app'));
  const agent = await startAgentUnderTest(t, [port], { clock });
  const tunnel = await agent.connect({ link, onIntercepted: deliverTo(await startEcho(t, 'laptop')) });
  const bob = await agent.connect({ name: 'bob' });
  await tunnel.request({ kind: 'claim', interceptId: 'i', ports: [port] });
  const [open] = await greeted(port.listenPort);
  link.down();
  await until(() => clock.pendingTimers > 0);
  await until(async () => (await greetingOf(port.listenPort)) === 'app\n');
  await clock.advance(119_000);
  await assert.rejects(bob.request({ kind: 'claim', interceptId: 'b', ports: [port] }), {
    code: 'INTERCEPT_HELD',
  });
  const closed = closeOf(open);
  await clock.advance(1_000);
  await closed;
  await bob.request({ kind: 'claim', interceptId: 'b', ports: [port] });
  link.up();
  assert.match(String(await tunnel.closed), /does not know the session any more/);
});

/** Resolves also when it is a reset. */
function closeOf(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve));
}

async function greetingOf(port: number): Promise<string> {
  const [socket, greeting] = await greeted(port);
  socket.destroy();
  return greeting;
}

test('a daemon that comes back after a crash takes over what its dead session held', async (t) => {
  const link = await Link.start(t);
  const port = await takenPort(await startEcho(t, 'app'));
  const agent = await startAgentUnderTest(t, [port]);
  const dead = await agent.connect({
    link,
    sessionId: 'first',
    onIntercepted: deliverTo(await startEcho(t, 'laptop')),
  });
  await dead.request({ kind: 'claim', interceptId: 'i', ports: [port] });
  const [open] = await greeted(port.listenPort);
  link.down();
  await until(async () => (await greetingOf(port.listenPort)) === 'app\n');
  const closed = closeOf(open);
  const other = await agent.connect({ name: 'bob' });
  await assert.rejects(other.request({ kind: 'claim', interceptId: 'x', ports: [port] }), {
    code: 'INTERCEPT_HELD',
  });
  const next = await agent.connect({ sessionId: 'second' });
  await closed;
  await next.request({ kind: 'claim', interceptId: 'j', ports: [port] });
});

test('a tunnel that is closed while it has no carrier says so when it can', async (t) => {
  const link = await Link.start(t);
  const agent = await startAgentUnderTest(t, []);
  const tunnel = await agent.connect({ link });
  link.down();
  await until(() => tunnel.detachedForMs !== undefined);
  await tunnel.close();
  assert.equal(agent.sessionCount(), 1);
  link.up();
  await until(() => agent.sessionCount() === 0);
});

test('a closed tunnel leaves no session behind', async (t) => {
  const link = await Link.start(t);
  const agent = await startAgentUnderTest(t, []);
  const tunnel = await agent.connect({ link });
  await tunnel.close();
  await until(() => agent.sessionCount() === 0);
  assert.equal(await tunnel.closed, undefined);
});
