import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { constants, type ClientHttp2Session } from 'node:http2';
import { describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { encodeFrame, flags, frameTypes } from '../../../../src/protocol/http2/frame.ts';
import type { Rule } from '../../../../src/contract/index.ts';
import {
  collectAnswer,
  fetchHttp2,
  openHttp2Client,
  startHttp2Server,
  startNamedHttp2Server,
  type Http2TestServer,
} from '../../../support/http2-sides.ts';
import { startInterceptedPort, type InterceptedPort } from '../../../support/intercepted-port.ts';
import { findClosedPort, openClient, startServer, waitFor } from '../../../support/sockets.ts';

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR } = constants;

function withKey(value: string): Rule {
  return { kind: 'key', value };
}

function owned<T extends AsyncDisposable>(t: TestContext): (resource: T) => T {
  return (resource) => {
    t.after(() => resource[Symbol.asyncDispose]());
    return resource;
  };
}

interface Sides {
  app: Http2TestServer;
  laptop: Http2TestServer;
  port: InterceptedPort;
  client: ClientHttp2Session;
}

async function start(t: TestContext, app: Http2TestServer, laptop: Http2TestServer): Promise<Sides> {
  owned<Http2TestServer>(t)(app);
  owned<Http2TestServer>(t)(laptop);
  const port = owned<InterceptedPort>(t)(await startInterceptedPort({ app: app.port, laptop: laptop.port }));
  const client = await openHttp2Client(port.port);
  t.after(() => client.destroy());
  return { app, laptop, port, client };
}

async function startNamed(t: TestContext): Promise<Sides> {
  return start(t, await startNamedHttp2Server('app'), await startNamedHttp2Server('laptop'));
}

async function nameOf(client: ClientHttp2Session, key?: string): Promise<string> {
  const { content, code } = await fetchHttp2(client, key === undefined ? {} : { 'x-tp-key': key });
  assert.equal(code, NGHTTP2_NO_ERROR);
  return content.toString();
}

describe('streams of one connection', () => {
  test('go to whoever their request belongs to, all at once', async (t) => {
    const { app, laptop, port, client } = await startNamed(t);
    const other = owned<Http2TestServer>(t)(await startNamedHttp2Server('other'));
    port.interceptFor('alice', laptop.port, withKey('alice'));
    port.interceptFor('bob', other.port, withKey('bob'));
    const keys = Array.from({ length: 300 }, (_, index) => [undefined, 'alice', 'bob'][index % 3]);
    const names = await Promise.all(keys.map((key) => nameOf(client, key)));
    assert.deepEqual(
      names,
      keys.map((key) => (key === undefined ? 'app' : key === 'alice' ? 'laptop' : 'other')),
    );
    assert.deepEqual(
      [app, laptop, other].map(({ sessions }) => sessions.length),
      [1, 1, 1],
    );
    assert.equal(port.served, 1);
  });

  test('follow an intercept that starts and ends while the connection is open', async (t) => {
    const { app, laptop, port, client } = await startNamed(t);
    assert.equal(await nameOf(client), 'app');
    const claim = port.intercept();
    assert.equal(await nameOf(client), 'laptop');
    assert.equal(claim.openConnections, 1);
    port.leave();
    assert.equal(await nameOf(client), 'app');
    await waitFor('the end at the laptop', () => laptop.sessions[0]?.closed === true);
    assert.equal(claim.openConnections, 0);
    assert.deepEqual([app.sessions.length, port.served, client.closed], [1, 1, false]);
  });

  test('that are open stay where they are when the claim ends', async (t) => {
    const laptop = await startHttp2Server((stream) => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    });
    const { port, client } = await start(t, await startNamedHttp2Server('app'), laptop);
    port.intercept();
    const stream = client.request({ ':method': 'POST' }, { endStream: false });
    const answer = collectAnswer(stream);
    stream.write('one ');
    await waitFor('the request at the laptop', () => laptop.streams.length === 1);
    assert.equal(port.leave(), 1);
    assert.equal(await nameOf(client), 'app');
    stream.end('two');
    assert.equal((await answer).content.toString(), 'one two');
    await waitFor('the end at the laptop', () => laptop.sessions[0]?.closed === true);
  });

  test('are answered by curl', async (t) => {
    const { laptop, port } = await startNamed(t);
    port.interceptFor('alice', laptop.port, withKey('alice'));
    const fetch = async (...options: string[]): Promise<string> => {
      const url = `http://127.0.0.1:${port.port}/`;
      return (await promisify(execFile)('curl', ['-sS', '--http2-prior-knowledge', ...options, url])).stdout;
    };
    assert.equal(await fetch(), 'app');
    assert.equal(await fetch('-w', ' %{http_version}', '-H', 'baggage: tp=alice'), 'laptop 2');
  });
});

describe('a message', () => {
  test('passes with all its fields, interim responses and trailers', async (t) => {
    const laptop = await startHttp2Server((stream) => {
      stream.additionalHeaders({ ':status': 103, link: '</style.css>' });
      stream.respond(
        { ':status': 200, 'set-cookie': ['a=1', 'b=2'], 'grpc-encoding': 'x' },
        { waitForTrailers: true },
      );
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '5', 'grpc-message': 'nö' }));
      stream.on('trailers', (trailers) => stream.end(JSON.stringify(trailers)));
      stream.resume();
    });
    const { port, client } = await start(t, await startNamedHttp2Server('app'), laptop);
    port.intercept();
    const stream = client.request(
      {
        ':method': 'POST',
        ':path': '/shop.Greeter/Hello?q=%20',
        te: 'trailers',
        cookie: ['c=3', 'd=4'],
        'x-long': 'x'.repeat(30_000),
      },
      { waitForTrailers: true, endStream: false },
    );
    const interim: unknown[] = [];
    stream.on('headers', (headers: Record<string, unknown>) =>
      interim.push(headers[':status'], headers['link']),
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-checksum': '42' }));
    const answer = collectAnswer(stream);
    stream.end('content');
    const { headers, trailers, content } = await answer;
    assert.deepEqual(interim, [103, '</style.css>']);
    assert.deepEqual([headers[':status'], headers['set-cookie']], [200, ['a=1', 'b=2']]);
    assert.deepEqual([trailers['grpc-status'], trailers['grpc-message']], ['5', 'nö']);
    assert.equal(content.toString(), '{"x-checksum":"42"}');
    const [request] = laptop.requests;
    assert.equal(request?.[':path'], '/shop.Greeter/Hello?q=%20');
    assert.equal(request[':authority'], `127.0.0.1:${port.port}`);
    assert.equal(request['te'], 'trailers');
    assert.equal(request['cookie'], 'c=3; d=4');
    assert.equal(String(request['x-long']).length, 30_000);
  });

  test('flows both ways at once, as large as it likes, unchanged', async (t) => {
    const echo = await startHttp2Server((stream) => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    });
    const { port, client } = await start(t, await startNamedHttp2Server('app'), echo);
    port.intercept();
    const content = randomBytes(3_000_000);
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => fetchHttp2(client, { ':method': 'POST' }, content)),
    );
    const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    for (const answer of answers) assert.equal(hash(answer.content), hash(content));
    assert.equal(port.held.sizeBytes, 0);
  });

  test('that nobody reads is not held whole, and holds up no other', async (t) => {
    const laptop = await startHttp2Server((stream) => {
      stream.respond({ ':status': 200 });
      stream.pause();
    });
    const { port, client } = await start(t, await startNamedHttp2Server('app'), laptop);
    port.interceptFor('alice', laptop.port, withKey('alice'));
    const stuck = Array.from({ length: 20 }, () => {
      const stream = client.request({ ':method': 'POST', 'x-tp-key': 'alice' }, { endStream: false });
      stream.on('error', () => undefined);
      stream.write(Buffer.alloc(1_000_000));
      return stream;
    });
    await waitFor('all streams at the laptop', () => laptop.streams.length === 20);
    for (let round = 0; round < 20; round += 1) assert.equal(await nameOf(client), 'app');
    assert.ok(port.held.sizeBytes <= 20 * 128 * 1024, `${port.held.sizeBytes} bytes are held`);
    for (const stream of stuck) stream.close(NGHTTP2_CANCEL);
    await waitFor('their memory', () => port.held.sizeBytes === 0);
  });
});

describe('a cancelled stream', () => {
  const silent = (): Promise<Http2TestServer> => startHttp2Server((stream) => stream.resume());

  test('is cancelled at the laptop, with its code', async (t) => {
    const { laptop, port, client } = await start(t, await startNamedHttp2Server('app'), await silent());
    port.intercept();
    const stream = client.request({ ':method': 'POST' }, { endStream: false });
    stream.on('error', () => undefined);
    await waitFor('the request at the laptop', () => laptop.streams.length === 1);
    stream.close(NGHTTP2_CANCEL);
    await waitFor('the reset', () => laptop.streams[0]?.closed === true);
    assert.equal(laptop.streams[0]?.rstCode, NGHTTP2_CANCEL);
    assert.equal(laptop.sessions[0]?.closed, false);
  });

  test('is cancelled at the laptop when the client is gone', async (t) => {
    const { laptop, port, client } = await start(t, await startNamedHttp2Server('app'), await silent());
    port.intercept();
    client.request({ ':method': 'POST' }, { endStream: false }).on('error', () => undefined);
    await waitFor('the request at the laptop', () => laptop.streams.length === 1);
    client.destroy();
    await waitFor('the reset', () => laptop.streams[0]?.closed === true);
    await waitFor('the end of the connection', () => port.served === 0);
  });

  test('is told to the client with the code of the laptop', async (t) => {
    const laptop = await startHttp2Server((stream) => stream.close(NGHTTP2_ENHANCE_YOUR_CALM));
    const { port, client } = await start(t, await startNamedHttp2Server('app'), laptop);
    port.intercept();
    assert.equal((await fetchHttp2(client)).code, NGHTTP2_ENHANCE_YOUR_CALM);
  });

  test('reaches the client whole when only the rest of its request is unwanted', async (t) => {
    const content = randomBytes(500_000);
    const laptop = await startHttp2Server((stream) => {
      stream.respond({ ':status': 413 });
      stream.end(content);
      stream.once('finish', () => stream.close(NGHTTP2_NO_ERROR));
    });
    const { port, client } = await start(t, await startNamedHttp2Server('app'), laptop);
    port.intercept();
    const stream = client.request({ ':method': 'POST' }, { endStream: false });
    const answer = await collectAnswer(stream);
    assert.deepEqual([answer.content.equals(content), answer.code], [true, NGHTTP2_NO_ERROR]);
    await waitFor('their memory', () => port.held.sizeBytes === 0);
  });
});

describe('a laptop', () => {
  test('whose process is down leaves its requests to the application', async (t) => {
    const app = owned<Http2TestServer>(t)(await startNamedHttp2Server('app'));
    const port = owned<InterceptedPort>(t)(
      await startInterceptedPort({ app: app.port, laptop: await findClosedPort() }),
    );
    port.intercept();
    const client = await openHttp2Client(port.port);
    t.after(() => client.destroy());
    const answers = await Promise.all([
      fetchHttp2(client, { ':method': 'POST' }, randomBytes(100_000)),
      fetchHttp2(client),
    ]);
    assert.deepEqual(
      answers.map(({ content }) => content.toString()),
      ['app', 'app'],
    );
    assert.ok(port.fallbacks.length > 0);
  });

  test('whose process speaks HTTP/1.1 only leaves them, too', async (t) => {
    const app = owned<Http2TestServer>(t)(await startNamedHttp2Server('app'));
    const laptop = await startServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
    });
    t.after(() => laptop[Symbol.asyncDispose]());
    const port = owned<InterceptedPort>(t)(
      await startInterceptedPort({ app: app.port, laptop: laptop.port }),
    );
    port.interceptFor('alice', laptop.port, withKey('alice'));
    const client = await openHttp2Client(port.port);
    t.after(() => client.destroy());
    assert.equal(await nameOf(client, 'alice'), 'app');
  });

  test('that is lost with a request has it repeated if that does no harm, and told of otherwise', async (t) => {
    const laptop = await startHttp2Server((stream) => stream.resume());
    const { port, client } = await start(t, await startNamedHttp2Server('app'), laptop);
    port.intercept();
    const grpc = { ':method': 'POST', 'content-type': 'application/grpc+proto', te: 'trailers' };
    const answers = [
      fetchHttp2(client),
      fetchHttp2(client, { ':method': 'POST' }, 'order'),
      fetchHttp2(client, grpc, Buffer.alloc(5)),
    ];
    await waitFor('the requests at the laptop', () => laptop.streams.length === 3);
    port.loseSession();
    const [get, post, call] = await Promise.all(answers);
    assert.equal(get?.content.toString(), 'app');
    assert.equal(post?.headers[':status'], 502);
    assert.match(post.content.toString(), /laptop of "alice" was lost/);
    assert.deepEqual([call?.headers[':status'], call?.headers['grpc-status']], [200, '14']);
    assert.match(String(call?.headers['grpc-message']), /laptop of/);
    assert.equal(await nameOf(client), 'app');
    assert.equal(client.closed, false);
  });

  test('that ends its connection gets another one for the next request', async (t) => {
    const { laptop, port, client } = await startNamed(t);
    const claim = port.intercept();
    assert.equal(await nameOf(client), 'laptop');
    laptop.sessions[0]?.close();
    await waitFor('its end', () => claim.openConnections === 0);
    assert.equal(await nameOf(client), 'laptop');
    assert.equal(laptop.sessions.length, 2);
  });
});

describe('the application', () => {
  test('that goes away tells the client, and what is open goes on', async (t) => {
    const app = await startHttp2Server((stream) => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    });
    const { port, client } = await start(t, app, await startNamedHttp2Server('laptop'));
    const stream = client.request({ ':method': 'POST' }, { endStream: false });
    const answer = collectAnswer(stream);
    stream.write('one ');
    await waitFor('the request', () => app.streams.length === 1);
    const goneAway = new Promise((resolve) => client.once('goaway', resolve));
    app.sessions[0]?.close();
    assert.equal(await goneAway, NGHTTP2_NO_ERROR);
    stream.end('two');
    assert.equal((await answer).content.toString(), 'one two');
    await waitFor('the end of the connection', () => client.closed && port.served === 0);
  });

  test('that crashes breaks the connection, as without an agent', async (t) => {
    const app = await startHttp2Server((stream) => stream.resume());
    const { client } = await start(t, app, await startNamedHttp2Server('laptop'));
    const answer = fetchHttp2(client);
    const ended = new Promise<Error>((resolve) => client.once('error', resolve));
    await waitFor('the request', () => app.streams.length === 1);
    app.sessions[0]?.destroy(new Error('crash'));
    await answer;
    await Promise.race([ended, waitFor('the end of the connection', () => client.closed)]);
  });

  test('that allows few streams at once gets them one after the other', async (t) => {
    let open = 0;
    let most = 0;
    const app = await startHttp2Server((stream) => {
      open += 1;
      most = Math.max(most, open);
      setImmediate(() => {
        open -= 1;
        stream.respond({ ':status': 200 });
        stream.end('app');
      });
    });
    const { client } = await start(t, app, await startNamedHttp2Server('laptop'));
    await nameOf(client);
    app.sessions[0]?.settings({ maxConcurrentStreams: 2 });
    await new Promise((resolve) => app.sessions[0]?.once('localSettings', resolve));
    const names = await Promise.all(Array.from({ length: 20 }, () => nameOf(client)));
    assert.deepEqual([new Set(names), most <= 2], [new Set(['app']), true]);
  });

  test('that greets first in another protocol is heard at once, and stays', async (t) => {
    const app = await startServer((socket) => socket.end('220 ready\r\n'));
    t.after(() => app[Symbol.asyncDispose]());
    const port = owned<InterceptedPort>(t)(await startInterceptedPort({ app: app.port, laptop: app.port }));
    const client = await openClient(port.port);
    await waitFor('the greeting', () => client.text() === '220 ready\r\n');
    client.stream.destroy();
  });
});

describe('a client', () => {
  test('that resets streams too fast is told to calm down', async (t) => {
    const { port, client } = await start(
      t,
      await startHttp2Server((stream) => stream.resume()),
      await startNamedHttp2Server('laptop'),
    );
    const goneAway = new Promise((resolve) => client.once('goaway', resolve));
    const isOpen = (): boolean => !client.closed && !client.destroyed;
    while (isOpen()) {
      for (let count = 0; count < 50 && isOpen(); count += 1) {
        const stream = client.request();
        stream.on('error', () => undefined);
        stream.close(NGHTTP2_CANCEL);
      }
      await new Promise(setImmediate);
    }
    assert.equal(await goneAway, NGHTTP2_ENHANCE_YOUR_CALM);
    await waitFor('the end of the connection', () => port.served === 0);
  });

  test('that asks for extended CONNECT, which is not offered, is refused that stream alone', async (t) => {
    const { app, port } = await startNamed(t);
    const client = await openClient(port.port);
    t.after(() => client.stream.destroy());
    const fields = [
      ':method',
      'CONNECT',
      ':protocol',
      'websocket',
      ':scheme',
      'http',
      ':path',
      '/',
      ':authority',
      'x',
    ];
    const block = Buffer.concat(
      fields.map((text, index) =>
        Buffer.from([...(index % 2 === 0 ? [0] : []), text.length, ...Buffer.from(text)]),
      ),
    );
    client.stream.write(
      Buffer.concat([
        Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
        encodeFrame(frameTypes.settings, 0, 0, Buffer.alloc(0)),
        encodeFrame(frameTypes.headers, flags.endHeaders, 1, block),
      ]),
    );
    const reset = encodeFrame(frameTypes.rstStream, 0, 1, Buffer.from([0, 0, 0, 1])).toString('latin1');
    await waitFor('the reset', () => client.text().includes(reset));
    assert.deepEqual([app.requests.length, client.events], [0, []]);
  });

  test('is answered though it sends its preface byte by byte, after the server has said hello', async (t) => {
    const { app, port } = await startNamed(t);
    const client = await openClient(port.port);
    t.after(() => client.stream.destroy());
    const get = Buffer.from([0x82, 0x86, 0x84, 0x41, 1, 0x78]);
    const bytes = Buffer.concat([
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      encodeFrame(frameTypes.settings, 0, 0, Buffer.alloc(0)),
      encodeFrame(frameTypes.headers, flags.endHeaders | flags.endStream, 1, get),
    ]);
    for (const byte of bytes) {
      client.stream.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    await waitFor('the answer', () => client.text().endsWith('app'));
    assert.equal(app.requests[0]?.[':authority'], 'x');
  });
});
