/** The proxy with clients that people use. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { SocksClient } from 'socks';
import { proxyEnvironment } from '../../../src/contract/index.ts';
import { startHttpTarget, startTestProxy } from '../../support/proxy-rig.ts';
import { record, startServer, waitFor } from '../../support/sockets.ts';

const run = promisify(execFile);
const hasCurl = await run('curl', ['--version']).then(
  () => true,
  () => false,
);
const curl = { skip: hasCurl ? false : 'curl is not installed' };

/** Runs curl and returns what it prints. */
async function runCurl(...args: string[]): Promise<string> {
  return (await run('curl', ['--silent', '--show-error', '--max-time', '10', ...args])).stdout;
}

function startWebServer(): ReturnType<typeof startHttpTarget> {
  return startHttpTarget((incoming, response) => {
    response.setHeader('X-Target', 'yes');
    if (incoming.method === 'POST') incoming.pipe(response);
    else response.end(`${incoming.method ?? ''} ${incoming.url ?? ''} at ${incoming.headers.host ?? ''}`);
  });
}

for (const [name, option, scheme] of [
  ['SOCKS5 with the name resolved by the proxy', '--proxy', 'socks5h'],
  ['SOCKS5 with the name resolved by curl', '--proxy', 'socks5'],
  ['plain HTTP', '--proxy', 'http'],
] as const) {
  test(`curl: ${name}`, curl, async () => {
    await using target = await startWebServer();
    await using proxy = await startTestProxy();
    const url = `http://localhost:${String(target.port)}`;
    const via = [option, `${scheme}://127.0.0.1:${String(proxy.port)}`];
    const body = 'x'.repeat(2_000_000);
    assert.equal(await runCurl(...via, `${url}/a?b`), `GET /a?b at localhost:${String(target.port)}`);
    assert.equal((await runCurl(...via, '--data', body.slice(0, 100_000), url)).length, 100_000);
    // Two requests on one connection.
    assert.equal((await runCurl(...via, `${url}/1`, `${url}/2`)).match(/GET/g)?.length, 2);
  });
}

test('curl: CONNECT', curl, async () => {
  await using target = await startWebServer();
  await using proxy = await startTestProxy();
  const url = `http://localhost:${String(target.port)}/`;
  const via = ['--proxytunnel', '--proxy', `http://127.0.0.1:${String(proxy.port)}`];
  assert.equal(await runCurl(...via, url), `GET / at localhost:${String(target.port)}`);
});

test('curl: user name and password, by SOCKS5 and by HTTP', curl, async () => {
  await using target = await startWebServer();
  await using proxy = await startTestProxy({ credentials: { username: 'me', password: 'pw' } });
  const url = `http://localhost:${String(target.port)}/`;
  for (const scheme of ['socks5h', 'http']) {
    const answer = await runCurl('--proxy', `${scheme}://me:pw@127.0.0.1:${String(proxy.port)}`, url);
    assert.equal(answer, `GET / at localhost:${String(target.port)}`);
  }
  const refused = await runCurl('--include', '--proxy', `http://me:no@127.0.0.1:${String(proxy.port)}`, url);
  assert.match(refused, /^HTTP\/1.1 407 /);
  await assert.rejects(runCurl('--proxy', `socks5h://me:no@127.0.0.1:${String(proxy.port)}`, url), {
    code: 97,
  });
});

test('curl: the environment of a child process leads through the proxy', curl, async () => {
  await using target = await startWebServer();
  await using proxy = await startTestProxy();
  const environment = { ...process.env, ...proxyEnvironment(proxy), NO_PROXY: '', no_proxy: '' };
  const { stdout } = await run('curl', ['--silent', '--include', `http://127.0.0.1:1/`], {
    env: environment,
  });
  assert.match(stdout, /X-Tp-Error: NET_REFUSED/);
  const answer = await run('curl', ['--silent', `http://${target.authority}/`], { env: environment });
  assert.equal(answer.stdout, `GET / at ${target.authority}`);
});

test('curl: 40 downloads at once, of 2 MB each, arrive whole', curl, async () => {
  const body = Buffer.alloc(2_000_000, 'tp');
  await using target = await startHttpTarget((_request, response) => response.end(body));
  await using proxy = await startTestProxy();
  const sizes = await Promise.all(
    ['socks5h', 'http'].map(async (scheme) => {
      const urls = Array.from({ length: 20 }, (_, index) => `http://${target.authority}/${String(index)}`);
      const via = [
        '--proxy',
        `${scheme}://127.0.0.1:${String(proxy.port)}`,
        '--parallel',
        '--write-out',
        '.',
      ];
      const outputs = urls.flatMap((url) => [url, '--output', '/dev/null']);
      return runCurl(...via, '--write-out', '%{size_download} ', ...outputs);
    }),
  );
  assert.deepEqual(sizes, [`2000000 `.repeat(20), `2000000 `.repeat(20)]);
});

test('socks: CONNECT by name', async () => {
  await using target = await startServer((socket) => socket.end('hello'));
  await using proxy = await startTestProxy();
  const { socket } = await SocksClient.createConnection({
    command: 'connect',
    proxy: { host: '127.0.0.1', port: proxy.port, type: 5 },
    destination: { host: 'localhost', port: target.port },
  });
  const recording = record(socket);
  socket.resume();
  await waitFor('the greeting', () => recording.text() === 'hello');
  socket.end();
  await recording.closed;
});

test('socks: a refused target and BIND are said so', async () => {
  await using proxy = await startTestProxy();
  const server = { host: '127.0.0.1', port: proxy.port, type: 5 } as const;
  const destination = { host: '127.0.0.1', port: 1 };
  await assert.rejects(SocksClient.createConnection({ command: 'connect', proxy: server, destination }), {
    message: /ConnectionRefused/,
  });
  const binding = new SocksClient({ command: 'bind', proxy: server, destination });
  const failed = once(binding, 'error') as Promise<[Error]>;
  binding.connect();
  assert.match((await failed)[0].message, /CommandNotSupported/);
});

test('node:http: an Agent that tunnels, with its connection kept alive', async () => {
  await using target = await startWebServer();
  await using proxy = await startTestProxy();
  const tunnel = request({
    host: '127.0.0.1',
    port: proxy.port,
    method: 'CONNECT',
    path: target.authority,
    agent: false,
  }).end();
  const [, socket] = (await once(tunnel, 'connect')) as [IncomingMessage, import('node:net').Socket];
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  Object.assign(agent, { createConnection: () => socket });
  for (const path of ['/1', '/2']) {
    const [response] = (await once(get({ agent, path, host: 'shop' }), 'response')) as [IncomingMessage];
    assert.equal((await response.toArray()).join(''), `GET ${path} at shop`);
  }
  agent.destroy();
});

test('the first byte decides the protocol, also when it comes alone', async () => {
  await using target = await startWebServer();
  await using proxy = await startTestProxy();
  for (const [bytes, expected] of [
    [`GET http://${target.authority}/x HTTP/1.1\r\nHost: a\r\n\r\n`, /GET \/x at/],
    ['\x05\x01\x00', /^\x05\x00$/s],
    ['\x16\x03\x01', /^HTTP\/1.1 400 /],
    ['\x04\x01', /^HTTP\/1.1 400 /],
  ] as const) {
    const client = record(connect({ port: proxy.port, host: '127.0.0.1', noDelay: true }));
    client.stream.write(bytes.slice(0, 1), 'latin1');
    // What is no HTTP is refused at its first byte.
    await waitFor('the connection', () => proxy.connectionCount === 1 || client.text() !== '');
    await new Promise((resolve) => setImmediate(resolve));
    client.stream.write(bytes.slice(1), 'latin1');
    await waitFor(String(expected), () => expected.test(client.text()));
    client.stream.destroy();
    await waitFor('the end', () => proxy.connectionCount === 0);
  }
});
