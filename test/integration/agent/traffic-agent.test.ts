/** Agent and tunnel together, over real sockets and real TLS; only the cluster is missing. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import { test } from 'node:test';
import type { ControlEvent, TakenPort } from '../../../src/contract/index.ts';
import { createAuthority } from '../../../src/pki/index.ts';
import { createStreamAssociation, createTcpDialer, relay } from '../../../src/net/index.ts';
import { systemClock } from '../../../src/core/index.ts';
import type { InterceptedConnection } from '../../../src/tunnel/index.ts';
import { startAgentUnderTest } from '../../support/agent-under-test.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const HTTP = { protocol: 'TCP', appPort: 0, appContainer: 'web', redirect: 'service' } as const;
const { signal } = new AbortController();

type Owner = { after(release: () => Promise<void>): void };

/** A server that greets with `name` and echoes. */
async function startEcho(owner: Owner, name: string): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.write(`${name}\n`);
    socket.pipe(socket);
  });
  return listenOn(owner, server);
}

async function listenOn(owner: Owner, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  owner.after(async () => {
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Connects, sends `text` and half-closes; resolves with everything that came back. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.end(text);
  let received = '';
  for await (const chunk of socket) received += String(chunk);
  return received;
}

/** Takes intercepted connections to a port of this machine. */
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

async function takenPort(appPort: number): Promise<TakenPort> {
  return { ...HTTP, appPort, listenPort: await freePort() };
}

test('a claimed port goes to the laptop, before and after to the application', async (t) => {
  const port = await takenPort(await startEcho(t, 'app'));
  const { connect: connectClient } = await startAgentUnderTest(t, [port]);
  assert.equal(await exchange(port.listenPort, 'one'), 'app\none');

  const tunnel = await connectClient({ onIntercepted: deliverTo(await startEcho(t, 'laptop')) });
  await tunnel.request({ kind: 'claim', interceptId: 'i', ports: [port] });
  assert.equal(await exchange(port.listenPort, 'two'), 'laptop\ntwo');

  assert.deepEqual((await tunnel.request({ kind: 'release', interceptId: 'i' })).openConnections, 0);
  assert.equal(await exchange(port.listenPort, 'three'), 'app\nthree');
});

test('connections that are open when an intercept comes or goes stay where they are', async (t) => {
  const port = await takenPort(await startEcho(t, 'app'));
  const { connect: connectClient } = await startAgentUnderTest(t, [port]);
  const tunnel = await connectClient({ onIntercepted: deliverTo(await startEcho(t, 'laptop')) });

  const before = connect(port.listenPort, '127.0.0.1');
  assert.equal(String((await once(before, 'data'))[0]), 'app\n');
  await tunnel.request({ kind: 'claim', interceptId: 'i', ports: [port] });
  const during = connect(port.listenPort, '127.0.0.1');
  assert.equal(String((await once(during, 'data'))[0]), 'laptop\n');
  assert.deepEqual((await tunnel.request({ kind: 'release', interceptId: 'i' })).openConnections, 1);

  for (const socket of [before, during]) {
    socket.write('still here');
    assert.equal(String((await once(socket, 'data'))[0]), 'still here');
    socket.destroy();
  }
});

test('a laptop whose process is down, or whose session has ended, lets the application answer', async (t) => {
  const port = await takenPort(await startEcho(t, 'app'));
  const { connect: connectClient } = await startAgentUnderTest(t, [port]);
  const events: ControlEvent[] = [];
  const tunnel = await connectClient({
    onIntercepted: deliverTo(await freePort()),
    onEvent: (event) => events.push(event),
  });
  await tunnel.request({ kind: 'claim', interceptId: 'i', ports: [port] });
  assert.equal(await exchange(port.listenPort, 'x'), 'app\nx');
  assert.deepEqual(
    events.map(({ kind, reason }) => [kind, reason.includes('refused')]),
    [['fallback', true]],
  );
  await tunnel.close();
  assert.equal(await exchange(port.listenPort, 'y'), 'app\ny');
});

test('a caller sees a reset when neither the laptop nor the application is there', async (t) => {
  const port = await takenPort(await freePort());
  await startAgentUnderTest(t, [port]);
  await assert.rejects(exchange(port.listenPort, 'x'), { code: 'ECONNRESET' });
});

test('a port has one holder, whom a second claim is told', async (t) => {
  const port = await takenPort(await startEcho(t, 'app'));
  const { connect: connectClient } = await startAgentUnderTest(t, [port]);
  const alice = await connectClient({ name: 'alice' });
  const bob = await connectClient({ name: 'bob' });
  await alice.request({ kind: 'claim', interceptId: 'a', ports: [port] });
  await assert.rejects(bob.request({ kind: 'claim', interceptId: 'b', ports: [port] }), {
    code: 'INTERCEPT_HELD',
    message: /alice/,
  });
  const { claims, sessions } = await bob.request({ kind: 'claims' });
  assert.deepEqual([claims.map(({ holder }) => holder), sessions], [['alice'], 2]);
  await alice.close();
  await bob.request({ kind: 'claim', interceptId: 'b', ports: [port] });
});

test('the laptop dials through the agent: names, half-close, refusals', async (t) => {
  const echo = await startEcho(t, 'pod');
  const { connect: connectClient } = await startAgentUnderTest(t, []);
  const tunnel = await connectClient();
  const stream = await tunnel.dial({ host: 'localhost', port: echo }, { signal });
  stream.end('hello');
  let received = '';
  for await (const chunk of stream) received += String(chunk);
  assert.equal(received, 'pod\nhello');

  await assert.rejects(tunnel.dial({ host: '127.0.0.1', port: await freePort() }, { signal }), {
    code: 'NET_REFUSED',
  });
  await assert.rejects(tunnel.dial({ host: 'no-such-name.invalid', port: 80 }, { signal }), (error: Error) =>
    /NET_NAME_NOT_FOUND|NET_UNREACHABLE/.test((error as Error & { code: string }).code),
  );
  await assert.rejects(tunnel.dial({ host: '169.254.169.254', port: 80 }, { signal }), {
    code: 'NET_DENIED',
  });
});

test('the laptop knows the environment of the application', async (t) => {
  const { connect: connectClient } = await startAgentUnderTest(t, []);
  const tunnel = await connectClient();
  assert.deepEqual((await tunnel.request({ kind: 'environment', container: 'web' })).variables, {
    COLOR: 'red',
  });
  await assert.rejects(tunnel.request({ kind: 'environment', container: 'db' }), {
    code: 'CONTAINER_NOT_FOUND',
  });
});

test('datagrams go to the laptop while it claims the port, else to the application', async (t) => {
  const app = createSocket('udp4');
  app.on('message', (message, { port, address }) => {
    app.send(`app ${String(message)}`, port, address);
  });
  app.bind(0, '127.0.0.1');
  await once(app, 'listening');
  t.after(() => new Promise<void>((resolve) => app.close(resolve)));
  const port: TakenPort = {
    ...HTTP,
    protocol: 'UDP',
    appPort: app.address().port,
    listenPort: await freePort(),
  };
  const { connect: connectClient } = await startAgentUnderTest(t, [port]);
  const caller = createSocket('udp4');
  t.after(() => new Promise<void>((resolve) => caller.close(resolve)));
  async function ask(text: string): Promise<string> {
    const answer = once(caller, 'message');
    caller.send(text, port.listenPort, '127.0.0.1');
    return String((await answer)[0]);
  }

  assert.equal(await ask('1'), 'app 1');
  const tunnel = await connectClient({
    onIntercepted: (connection) => {
      const association = createStreamAssociation(connection.accept());
      association.onDatagram((datagram) => {
        association.send(Buffer.from(`laptop ${String(datagram)}`));
      });
    },
  });
  await tunnel.request({ kind: 'claim', interceptId: 'i', ports: [port] });
  assert.equal(await ask('2'), 'laptop 2');
  await tunnel.request({ kind: 'release', interceptId: 'i' });
  assert.equal(await ask('3'), 'app 3');
});

test('nobody gets in without a client certificate of the namespace that is valid now', async (t) => {
  const { connect: connectClient } = await startAgentUnderTest(t, []);
  const stranger = await createAuthority({ commonName: 'stranger', nowMs: Date.now() });
  await assert.rejects(connectClient({ authority: stranger }), { code: 'TUNNEL_LOST' });
  await assert.rejects(connectClient({ usage: 'agent' }), { code: 'TUNNEL_LOST' });
  await assert.rejects(connectClient({ nowMs: Date.now() - 86_400_000 }), { code: 'TUNNEL_LOST' });
});

test('64 MiB cross the tunnel both ways unchanged', async (t) => {
  const echo = await startEcho(t, '');
  const { connect: connectClient } = await startAgentUnderTest(t, []);
  const stream = await (await connectClient()).dial({ host: '127.0.0.1', port: echo }, { signal });
  const block = Buffer.alloc(1024 * 1024, 'tp');
  const blocks = 64;
  const writing = (async () => {
    for (let i = 0; i < blocks; i += 1) if (!stream.write(block)) await once(stream, 'drain');
    stream.end();
  })();
  let size = -1; // the greeting is one line feed
  let isUnchanged = true;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const start = size === -1 ? 1 : 0;
    for (let i = start; i < chunk.length; i += 997) {
      if (chunk[i] !== block[(size + i) % 2]) isUnchanged = false;
    }
    size += chunk.length;
  }
  await writing;
  assert.equal(size, blocks * block.length);
  assert.ok(isUnchanged);
});

test('closing a tunnel waits for open connections only', async (t) => {
  const app = await startEcho(t, 'app');
  const agent = await startAgentUnderTest(t, [{ ...HTTP, appPort: app, listenPort: await freePort() }]);
  // Stands still: no deadline of the client helps.
  const clock = createFakeClock();
  const idle = await agent.connect({ clock });
  await idle.close();

  const busy = await agent.connect({ clock });
  const stream = await busy.dial({ host: '127.0.0.1', port: app }, { signal });
  const closing = busy.close();
  stream.end('still there');
  let received = '';
  for await (const chunk of stream) received += String(chunk);
  assert.equal(received, 'app\nstill there');
  await closing;
});
