import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { getEventListeners, once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type RequestListener } from 'node:http';
import { createConnection, type AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { TARGETLESS_IDLE_MS } from '../../../agent/switching-relay.ts';
import { nullLogger, runInBackground, systemClock } from '../../../src/core/index.ts';
import { createTcpDialer, relay } from '../../../src/net/index.ts';
import { startAgentUnderTest } from '../../support/agent-under-test.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import {
  startInterceptedPort,
  type InterceptedPort,
  type InterceptedPortOptions,
} from '../../support/intercepted-port.ts';
import {
  countOpenSockets,
  findClosedPort,
  openClient,
  startServer,
  waitFor,
  type Client,
  type TestServer,
} from '../../support/sockets.ts';

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

/** What a raw server answers: its name, with a length, kept alive. */
function answer(name: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`;
}

/** A server whose responses the test writes itself. */
async function startRawServer(t: TestContext): Promise<TestServer & { received: (index: number) => string }> {
  const received: Buffer[][] = [];
  const server = await startServer((socket) => {
    const chunks: Buffer[] = [];
    received.push(chunks);
    socket.on('data', (chunk) => chunks.push(chunk));
  });
  t.after(() => server[Symbol.asyncDispose]());
  return Object.assign(server, {
    received: (index: number): string => Buffer.concat(received[index] ?? []).toString('latin1'),
  });
}

/** A server that answers each request at once with its name, as long as requests come one by one. */
async function startNamedServer(t: TestContext, name: string): Promise<TestServer> {
  const server = await startServer((socket) => {
    socket.on('data', () => socket.write(answer(name)));
    socket.on('end', () => socket.end());
  });
  t.after(() => server[Symbol.asyncDispose]());
  return server;
}

async function startPort(t: TestContext, options: InterceptedPortOptions): Promise<InterceptedPort> {
  const port = await startInterceptedPort(options);
  t.after(() => port[Symbol.asyncDispose]());
  return port;
}

async function connectTo(t: TestContext, { port }: { port: number }): Promise<Client> {
  const client = await openClient(port);
  t.after(() => {
    client.stream.destroy();
  });
  return client;
}

/** Sends a request and waits until the text so far ends with `expected`. */
async function exchange(client: Client, expected: string, text: string = get): Promise<void> {
  const before = client.text().length;
  client.stream.write(text);
  await waitFor(`the answer "${expected}"`, () => client.text().slice(before).endsWith(expected));
}

interface Sides {
  app: TestServer;
  laptop: TestServer;
  port: InterceptedPort;
}

async function startNamedSides(
  t: TestContext,
  options: Partial<InterceptedPortOptions> = {},
): Promise<Sides> {
  const app = await startNamedServer(t, 'app');
  const laptop = await startNamedServer(t, 'laptop');
  const port = await startPort(t, { app: app.port, laptop: laptop.port, ...options });
  return { app, laptop, port };
}

describe('a kept-alive connection', () => {
  test('follows the claim from one request to the next', async (t) => {
    const { app, laptop, port } = await startNamedSides(t);
    const client = await connectTo(t, port);
    await exchange(client, 'app');
    const claim = port.intercept();
    await exchange(client, 'laptop');
    await exchange(client, 'laptop');
    assert.equal(claim.openConnections, 1);
    assert.equal(port.leave(), 0);
    assert.equal(claim.openConnections, 0);
    await exchange(client, 'app');
    assert.deepEqual(client.events, []);
    assert.deepEqual([app.sockets.length, laptop.sockets.length], [2, 1]);
    assert.deepEqual(port.fallbacks, []);
  });

  test('leaves the laptop when the claim is released, without waiting for the next request', async (t) => {
    const { laptop, port } = await startNamedSides(t);
    port.intercept();
    const client = await connectTo(t, port);
    await exchange(client, 'laptop');
    port.leave();
    await waitFor('the end at the laptop', () => laptop.sockets[0]?.closed === true);
    assert.deepEqual(client.events, []);
  });

  test('leaves the application gracefully when it moves to the laptop', async (t) => {
    const { app, port } = await startNamedSides(t);
    const client = await connectTo(t, port);
    await exchange(client, 'app');
    port.intercept();
    await exchange(client, 'laptop');
    await waitFor('the end at the application', () => app.sockets[0]?.closed === true);
    assert.equal(app.sockets[0]?.errored, null);
  });

  test('that has not said anything yet goes where its first request belongs', async (t) => {
    const { port } = await startNamedSides(t);
    const client = await connectTo(t, port);
    await waitFor('the dial', () => port.served === 1);
    port.intercept();
    await exchange(client, 'laptop');
  });

  test('that has not said anything yet is new to the application when the claim is released', async (t) => {
    const app = await startServer((socket) => socket.write('hello from app'));
    t.after(() => app[Symbol.asyncDispose]());
    const laptop = await startRawServer(t);
    const port = await startPort(t, { app: app.port, laptop: laptop.port });
    const claim = port.intercept();
    const client = await connectTo(t, port);
    await waitFor('the laptop', () => claim.openConnections === 1);
    assert.equal(port.leave(), 0);
    await waitFor('the greeting', () => client.text() === 'hello from app');
  });

  test('moves 50 times under continuous requests without an error', async (t) => {
    const app = await startHttpServer(t, (_, response) => response.end('app'));
    const laptop = await startHttpServer(t, (_, response) => response.end('laptop'));
    const port = await startPort(t, { app, laptop });
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    t.after(() => {
      agent.destroy();
    });
    const sockets = new Set<unknown>();
    const seen = { app: 0, laptop: 0 };
    let isOver = false;
    const worker = async (): Promise<void> => {
      while (!isOver) {
        const { text, socket } = await fetchText(port, agent);
        sockets.add(socket);
        seen[text as keyof typeof seen] += 1;
      }
    };
    const workers = Promise.all([worker(), worker(), worker(), worker()]);
    for (let move = 0; move < 50; move += 1) {
      const side = move % 2 === 0 ? 'laptop' : 'app';
      if (side === 'laptop') port.intercept();
      else port.leave();
      const before = seen[side];
      await waitFor(`requests at the ${side}`, () => seen[side] > before + 8);
    }
    isOver = true;
    await workers;
    assert.equal(sockets.size, 4, 'no client had to connect again');
    assert.deepEqual(port.fallbacks, []);
  });
});

describe('what is in flight', () => {
  test('stays at the laptop after release, and leaves it when it is done', async (t) => {
    const app = await startNamedServer(t, 'app');
    const laptop = await startRawServer(t);
    const port = await startPort(t, { app: app.port, laptop: laptop.port });
    port.intercept();
    const client = await connectTo(t, port);
    client.stream.write(get);
    await waitFor('the request', () => laptop.received(0) === get);
    laptop.sockets[0]?.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n');
    await waitFor('the first chunk', () => client.text().endsWith('one\r\n'));
    assert.equal(port.leave(), 1);
    laptop.sockets[0]?.write('3\r\ntwo\r\n');
    await waitFor('the second chunk', () => client.text().endsWith('two\r\n'));
    assert.equal(port.leave(), 1);
    laptop.sockets[0]?.write('0\r\n\r\n');
    await waitFor('the end of the exchange', () => port.leave() === 0);
    await waitFor('the end at the laptop', () => laptop.sockets[0]?.readableEnded === true);
    await exchange(client, 'app');
  });

  test('keeps a pipelined request back until those before it are answered where they were', async (t) => {
    const app = await startRawServer(t);
    const laptop = await startNamedServer(t, 'laptop');
    const port = await startPort(t, { app: app.port, laptop: laptop.port });
    const client = await connectTo(t, port);
    client.stream.write(get);
    await waitFor('the first request', () => app.received(0) === get);
    port.intercept();
    client.stream.write(get);
    app.sockets[0]?.write(answer('a1').slice(0, -1));
    await waitFor('most of the first answer', () => client.text().endsWith('a'));
    assert.equal(laptop.sockets.length, 0);
    app.sockets[0]?.write('1');
    await waitFor('both answers', () => client.text().endsWith('laptop'));
    assert.equal(client.text(), ['a1', 'laptop'].map(answer).join(''));
    assert.equal(app.received(0), get);
  });

  test('includes a request whose content has not all come, though it is answered', async (t) => {
    const app = await startRawServer(t);
    const laptop = await startNamedServer(t, 'laptop');
    const port = await startPort(t, { app: app.port, laptop: laptop.port });
    const client = await connectTo(t, port);
    const post = 'POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n';
    client.stream.write(`${post}ab`);
    await waitFor('the request', () => app.received(0) === `${post}ab`);
    app.sockets[0]?.write(answer('early'));
    await waitFor('the answer', () => client.text().endsWith('early'));
    port.intercept();
    // The rest of one request and the whole of the next in one segment: it is cut between them.
    await exchange(client, 'laptop', `cd${get}`);
    await waitFor('the rest', () => app.received(0) === `${post}abcd`);
  });

  test('is reset towards the client when the session dies', async (t) => {
    const app = await startNamedServer(t, 'app');
    const laptop = await startRawServer(t);
    const port = await startPort(t, { app: app.port, laptop: laptop.port });
    port.intercept();
    const client = await connectTo(t, port);
    client.stream.write(get);
    await waitFor('the request', () => laptop.received(0) === get);
    laptop.sockets[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    await waitFor('half of the response', () => client.text().endsWith('half'));
    port.loseSession();
    await client.closed;
    assert.deepEqual(client.events, ['ECONNRESET', 'close']);
  });

  test('is reset towards the target when the client goes', async (t) => {
    const laptop = await startRawServer(t);
    const app = await startRawServer(t);
    const port = await startPort(t, { app: app.port, laptop: laptop.port });
    const claim = port.intercept();
    const client = await connectTo(t, port);
    client.stream.write(get);
    await waitFor('the request', () => laptop.received(0) === get);
    client.stream.resetAndDestroy();
    await waitFor('the reset', () => laptop.sockets[0]?.closed === true);
    assert.equal((laptop.sockets[0]?.errored as NodeJS.ErrnoException | null)?.code, 'ECONNRESET');
    await waitFor('the count', () => claim.openConnections === 0);
  });
});

describe('when nothing is outstanding', () => {
  test('a session that dies costs the next request nothing', async (t) => {
    const { port } = await startNamedSides(t);
    port.intercept();
    const client = await connectTo(t, port);
    await exchange(client, 'laptop');
    port.loseSession();
    await exchange(client, 'app');
    assert.deepEqual(client.events, []);
  });

  test('a session that dies costs a connection without a request nothing', async (t) => {
    const { port } = await startNamedSides(t);
    const claim = port.intercept();
    const client = await connectTo(t, port);
    await waitFor('the laptop', () => claim.openConnections === 1);
    port.loseSession();
    await exchange(client, 'app');
    assert.deepEqual(client.events, []);
  });

  test('the client sees that its target has closed', async (t) => {
    const { app, port } = await startNamedSides(t);
    const client = await connectTo(t, port);
    await exchange(client, 'app');
    app.sockets[0]?.end();
    await waitFor('the end', () => client.events.includes('end'));
    client.stream.end();
    await client.closed;
    assert.deepEqual(client.events, ['end', 'close']);
  });

  test('the client sees that its target has reset', async (t) => {
    const { app, port } = await startNamedSides(t);
    const client = await connectTo(t, port);
    await exchange(client, 'app');
    app.sockets[0]?.resetAndDestroy();
    await client.closed;
    assert.deepEqual(client.events, ['ECONNRESET', 'close']);
  });

  test('the client does not see that the application has closed, when its next request is the laptop’s', async (t) => {
    const { app, port } = await startNamedSides(t);
    const client = await connectTo(t, port);
    await exchange(client, 'app');
    port.intercept();
    app.sockets[0]?.end();
    await waitFor('the close', () => app.sockets[0]?.closed === true);
    await exchange(client, 'laptop');
    assert.deepEqual(client.events, []);
  });

  test('a client without a target ends like any idle one', async (t) => {
    const clock = createFakeClock();
    const { port } = await startNamedSides(t, { clock });
    port.intercept();
    const client = await connectTo(t, port);
    await exchange(client, 'laptop');
    port.leave();
    await clock.advance(TARGETLESS_IDLE_MS - 1);
    assert.deepEqual(client.events, []);
    await clock.advance(1);
    await waitFor('the end', () => client.events.includes('end'));
    client.stream.end();
    await waitFor('nothing left', () => port.served === 0);
    await client.closed;
    assert.deepEqual(client.events, ['end', 'close']);
  });

  test('a client without a target may go', async (t) => {
    const { port } = await startNamedSides(t);
    port.intercept();
    const client = await connectTo(t, port);
    await exchange(client, 'laptop');
    port.leave();
    client.stream.end();
    await client.closed;
    await waitFor('nothing left', () => port.served === 0);
  });

  test('a client that goes ends its target', async (t) => {
    const { app, port } = await startNamedSides(t);
    const client = await connectTo(t, port);
    await exchange(client, 'app');
    client.stream.end();
    await client.closed;
    assert.deepEqual(client.events, ['end', 'close']);
    await waitFor('the end at the application', () => app.sockets[0]?.closed === true);
    await waitFor('nothing left', () => port.served === 0);
  });
});

describe('a laptop that does not take a connection', () => {
  test('leaves it to the application, and is asked again for the next request', async (t) => {
    const app = await startNamedServer(t, 'app');
    const port = await startPort(t, { app: app.port, laptop: await findClosedPort() });
    const claim = port.intercept();
    const client = await connectTo(t, port);
    await exchange(client, 'app');
    assert.equal(port.fallbacks.length, 1);
    await exchange(client, 'app');
    assert.equal(port.fallbacks.length, 2);
    assert.equal(claim.openConnections, 0);
    assert.deepEqual(client.events, []);
  });

  test('gets the next request when its process has come up', async (t) => {
    const app = await startNamedServer(t, 'app');
    const laptop = await findClosedPort();
    const port = await startPort(t, { app: app.port, laptop });
    port.intercept();
    const client = await connectTo(t, port);
    await exchange(client, 'app');
    const process = createServer((_, response) => response.end('laptop')).listen(laptop, '127.0.0.1');
    t.after(() => {
      process.closeAllConnections();
      process.close();
    });
    await once(process, 'listening');
    await exchange(client, 'laptop');
  });

  test('or takes it and resets it at once leaves it to the application', async (t) => {
    const app = await startNamedServer(t, 'app');
    const laptop = await startServer((socket) => socket.resetAndDestroy());
    t.after(() => laptop[Symbol.asyncDispose]());
    const port = await startPort(t, { app: app.port, laptop: laptop.port });
    port.intercept();
    const client = await connectTo(t, port);
    await waitFor('the application', () => app.sockets.length === 1);
    await exchange(client, 'app');
    assert.equal(laptop.sockets.length, 1);
  });

  test('with no application either: the client is reset', async (t) => {
    const port = await startPort(t, { app: await findClosedPort(), laptop: await findClosedPort() });
    port.intercept();
    const client = await connectTo(t, port);
    await client.closed;
    assert.deepEqual(client.events, ['ECONNRESET', 'close']);
  });
});

describe('a connection that stays where it is', () => {
  test('a WebSocket', async (t) => {
    const app = await startNamedServer(t, 'app');
    const laptop = await startRawServer(t);
    const port = await startPort(t, { app: app.port, laptop: laptop.port });
    const claim = port.intercept();
    const client = await connectTo(t, port);
    const upgrade = 'GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    client.stream.write(upgrade);
    await waitFor('the request', () => laptop.received(0) === upgrade);
    const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    laptop.sockets[0]?.write(switched);
    await waitFor('the upgrade', () => client.text() === switched);
    assert.equal(port.leave(), 1);
    client.stream.write(get);
    await waitFor('what looks like a request', () => laptop.received(0) === upgrade + get);
    laptop.sockets[0]?.write('frame');
    await waitFor('the frame', () => client.text() === `${switched}frame`);
    assert.equal(port.leave(), 1);
    laptop.sockets[0]?.end();
    client.stream.end();
    await client.closed;
    await waitFor('the count', () => claim.openConnections === 0);
  });

  test('one whose server speaks first: the greeting does not wait for the client', async (t) => {
    const laptop = await startServer((socket) => {
      socket.write('220 laptop\r\n');
      socket.on('data', (chunk) => socket.write(chunk));
      socket.on('end', () => socket.end());
    });
    t.after(() => laptop[Symbol.asyncDispose]());
    const app = await startNamedServer(t, 'app');
    const port = await startPort(t, { app: app.port, laptop: laptop.port });
    port.intercept();
    const client = await connectTo(t, port);
    await waitFor('the greeting', () => client.text() === '220 laptop\r\n');
    assert.equal(port.leave(), 1);
    await exchange(client, get);
    client.stream.end();
    await client.closed;
    assert.equal(port.leave(), 0);
  });

  test('one whose client speaks first, but not HTTP', async (t) => {
    const echo = await startServer((socket) => socket.pipe(socket));
    t.after(() => echo[Symbol.asyncDispose]());
    const laptop = await startNamedServer(t, 'laptop');
    const port = await startPort(t, { app: echo.port, laptop: laptop.port });
    const client = await connectTo(t, port);
    const bytes = randomBytes(300_000).toString('latin1');
    await exchange(client, '\r\n', '\x16\x03\x01\r\n');
    port.intercept();
    await exchange(client, get);
    client.stream.write(bytes, 'latin1');
    client.stream.end();
    await client.closed;
    assert.equal(client.text(), `\x16\x03\x01\r\n${get}${bytes}`);
    assert.deepEqual(client.events, ['end', 'close']);
    assert.equal(laptop.sockets.length, 0);
  });

  test('one whose request two servers could read differently', async (t) => {
    const app = await startRawServer(t);
    const laptop = await startNamedServer(t, 'laptop');
    const port = await startPort(t, { app: app.port, laptop: laptop.port });
    const client = await connectTo(t, port);
    const smuggling = `POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
    client.stream.write(smuggling);
    await waitFor('the request', () => app.received(0) === smuggling);
    app.sockets[0]?.write(answer('a1'));
    await waitFor('the answer', () => client.text().endsWith('a1'));
    port.intercept();
    client.stream.write(get);
    await waitFor('the next request', () => app.received(0) === smuggling + get);
    assert.equal(laptop.sockets.length, 0);
  });

  test('one whose client has ended its side gets its late answer', async (t) => {
    const app = await startRawServer(t);
    const port = await startPort(t, { app: app.port, laptop: app.port });
    const client = await connectTo(t, port);
    client.stream.end(get);
    await waitFor('the end', () => app.sockets[0]?.readableEnded === true);
    app.sockets[0]?.end(answer('late'));
    await client.closed;
    assert.equal(client.text(), answer('late'));
    assert.deepEqual(client.events, ['end', 'close']);
  });
});

describe('content', () => {
  /** Answers with what it got, and says who it is. */
  const echo =
    (name: string): RequestListener =>
    (incoming, response) => {
      response.setHeader('x-side', name);
      incoming.pipe(response);
    };

  for (const length of ['with a length', 'in chunks'] as const)
    test(`of 24 MiB ${length} comes out as it went in, both ways, on either side`, async (t) => {
      const app = await startHttpServer(t, echo('app'));
      const laptop = await startHttpServer(t, echo('laptop'));
      const port = await startPort(t, { app, laptop });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      t.after(() => {
        agent.destroy();
      });
      const content = randomBytes(24 * 1024 * 1024);
      const expected = createHash('sha256').update(content).digest('hex');
      for (const side of ['app', 'laptop', 'app']) {
        if (side === 'laptop') port.intercept();
        else port.leave();
        const headers = length === 'in chunks' ? {} : { 'content-length': content.length };
        const outgoing = request({ host: '127.0.0.1', port: port.port, agent, method: 'POST', headers });
        outgoing.end(content);
        const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
        const hash = createHash('sha256');
        for await (const chunk of response) hash.update(chunk as Buffer);
        assert.equal(response.headers['x-side'], side);
        assert.equal(hash.digest('hex'), expected);
      }
    });

  test('that the client does not read stops its source', async (t) => {
    const app = await startRawServer(t);
    const port = await startPort(t, { app: app.port, laptop: app.port });
    const client = await connectTo(t, port);
    client.stream.write(get);
    await waitFor('the request', () => app.received(0) === get);
    client.stream.pause();
    const source = app.sockets[0];
    const size = 64 * 1024 * 1024;
    source?.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    source?.write(Buffer.alloc(size));
    await waitForStandstill(() => source?.bytesWritten ?? 0);
    assert.ok((source?.writableLength ?? 0) > 0, 'not all of it was taken');
    client.stream.resume();
    await waitFor('the rest', () => client.stream.bytesRead > size, { timeoutMs: 20_000 });
  });

  test('that the target does not read stops the client', async (t) => {
    const app = await startServer((socket) => socket.pause());
    t.after(() => app[Symbol.asyncDispose]());
    const port = await startPort(t, { app: app.port, laptop: app.port });
    const client = await connectTo(t, port);
    const size = 64 * 1024 * 1024;
    client.stream.write(`POST / HTTP/1.1\r\nContent-Length: ${size}\r\n\r\n`);
    client.stream.write(Buffer.alloc(size));
    await waitForStandstill(() => client.stream.bytesWritten);
    assert.ok(client.stream.writableLength > 0, 'not all of it was taken');
    app.sockets[0]?.resume();
    await waitFor('the rest', () => (app.sockets[0]?.bytesRead ?? 0) > size, { timeoutMs: 20_000 });
  });
});

describe('the kubelet’s probes', () => {
  const probe = 'GET /ready HTTP/1.1\r\nHost: x\r\nUser-Agent: kube-probe/1.30\r\nAccept: */*\r\n\r\n';

  test('go to the application one by one, and all else to the laptop', async (t) => {
    const { app, laptop, port } = await startNamedSides(t, { httpProbe: true });
    port.intercept();
    const kubelet = await connectTo(t, port);
    await exchange(kubelet, 'app', probe);
    assert.equal(laptop.sockets.length, 0, 'the laptop is not even asked');
    await exchange(kubelet, 'laptop');
    await exchange(kubelet, 'laptop');
    await exchange(kubelet, 'app', probe);
    assert.deepEqual([app.sockets.length, laptop.sockets.length], [2, 1]);
    assert.deepEqual(port.fallbacks, []);
  });

  test('are told by a head that comes in parts', async (t) => {
    const { laptop, port } = await startNamedSides(t, { httpProbe: true });
    port.intercept();
    const kubelet = await connectTo(t, port);
    kubelet.stream.write(probe.slice(0, 50));
    await exchange(kubelet, 'app', probe.slice(50));
    assert.equal(laptop.sockets.length, 0);
  });

  test('are not waited for longer than a second', async (t) => {
    const clock = createFakeClock();
    const { laptop, port } = await startNamedSides(t, { httpProbe: true, clock });
    port.intercept();
    const client = await connectTo(t, port);
    client.stream.write('GET / HTTP/1.1\r\n');
    await waitFor('the connection', () => clock.pendingTimers > 0);
    assert.equal(laptop.sockets.length, 0);
    await clock.advance(1000);
    await waitFor('the laptop', () => laptop.sockets.length === 1);
    await exchange(client, 'laptop', 'Host: x\r\n\r\n');
  });
});

describe('through a real tunnel', () => {
  test('a kept-alive connection follows the claim, and a tunnel that breaks costs nothing', async (t) => {
    const app = await startNamedServer(t, 'app');
    const laptop = await startNamedServer(t, 'laptop');
    const dialer = createTcpDialer({ clock: systemClock });
    const { signal } = new AbortController();
    const listenPort = await findClosedPort();
    const ports = [
      { protocol: 'TCP', appPort: app.port, listenPort, appContainer: 'web', redirect: 'service' } as const,
    ];
    const { agent, connect } = await startAgentUnderTest(t, ports);
    const carrier = createConnection(agent.tunnelPort, '127.0.0.1');
    const tunnel = await connect({
      carrier,
      onIntercepted: (connection) => {
        const delivered = dialer
          .dial({ host: '127.0.0.1', port: laptop.port }, { signal })
          .then((local) => relay(connection.accept(), local, { signal }));
        runInBackground('delivery', delivered, nullLogger);
      },
    });
    const claim = { kind: 'claim', interceptId: 'i', ports } as const;
    const client = await connectTo(t, { port: listenPort });
    await exchange(client, 'app');
    for (let round = 0; round < 5; round += 1) {
      await tunnel.request(claim);
      await exchange(client, 'laptop');
      assert.equal((await tunnel.request({ kind: 'release', interceptId: 'i' })).openConnections, 0);
      await waitFor('the end at the laptop', () => laptop.sockets[round]?.closed === true);
      await exchange(client, 'app');
    }
    await tunnel.request(claim);
    await exchange(client, 'laptop');
    carrier.destroy();
    await waitFor('the end of the session', () => laptop.sockets[5]?.closed === true);
    await exchange(client, 'app');
    assert.deepEqual(client.events, []);
  });
});

test('after a thousand exchanges and a hundred moves nothing is left behind', async (t) => {
  const before = await countOpenSockets();
  const { port } = await startNamedSides(t);
  const client = await connectTo(t, port);
  for (let move = 0; move < 50; move += 1) {
    const claim = port.intercept();
    for (let i = 0; i < 10; i += 1) await exchange(client, 'laptop');
    assert.equal(getEventListeners(claim.ended, 'abort').length, 1);
    port.leave();
    assert.equal(getEventListeners(claim.ended, 'abort').length, 0);
    for (let i = 0; i < 10; i += 1) await exchange(client, 'app');
  }
  for (const stream of port.streams) assert.equal(stream.destroyed, true);
  client.stream.end();
  await client.closed;
  await waitFor('no connection', () => port.served === 0);
  // The three that listen stay until the end of the test.
  await waitFor('all sockets closed', async () => (await countOpenSockets()) === before + 3);
});

async function startHttpServer(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function fetchText(
  { port }: { port: number },
  agent: Agent,
): Promise<{ text: string; socket: unknown }> {
  const outgoing = request({ host: '127.0.0.1', port, agent });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const { socket } = response;
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { text, socket };
}

/** Waits until `counter` has not moved for a while: there is no event for nothing happening. */
async function waitForStandstill(counter: () => number): Promise<void> {
  let last = -1;
  let sinceMs = performance.now();
  await waitFor('a standstill', () => {
    const current = counter();
    if (current !== last) sinceMs = performance.now();
    last = current;
    return performance.now() - sinceMs > 200;
  });
}
