/** The ways to the API server: requests and port-forwards through each kind of proxy. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { isToolError } from '../../../src/errors/index.ts';
import { paths, type KubeClient } from '../../../src/kube/index.ts';
import { createAuthority, issueLeaf } from '../../../src/pki/index.ts';
import { startFakeApiServer, type FakeApiServer } from '../../support/fake-api-server.ts';
import { createTestClient, toBase64, writeKubeconfig } from '../../support/fake-kubeconfig.ts';
import { startConnectProxy, startSocksProxy } from '../../support/fake-proxies.ts';
import { findClosedPort } from '../../support/sockets.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

const { signal } = new AbortController();
/** A name that only the proxies know. */
const host = 'api.cluster.invalid';
const credentials = { username: 'ann', password: 's:cr%t' };
const encodedCredentials = 'ann:s%3Acr%25t';

/** A server that answers requests and echoes the bytes of port-forwards. */
function startServer(t: TestContext, tls: boolean): Promise<FakeApiServer> {
  return startFakeApiServer(t, {
    tls,
    answer: () => ({ body: { ok: true } }),
    onPortForward: (webSocket) => {
      webSocket.send(Buffer.from([0, 80, 0]));
      webSocket.send(Buffer.from([1, 80, 0]));
      webSocket.on('message', (message) => webSocket.send(message));
    },
  });
}

async function assertWorks(client: KubeClient): Promise<void> {
  assert.deepEqual(await client.get(paths.pods('demo', 'a'), { signal }), { ok: true });
  const stream = await client.portForward({ namespace: 'demo', pod: 'a', port: 80 }, { signal });
  stream.write('hello');
  const [data] = (await once(stream, 'data')) as [Buffer];
  assert.equal(data.toString(), 'hello');
  stream.destroy();
}

for (const tls of [true, false]) {
  const scheme = tls ? 'https' : 'http';

  test(`${scheme} server, direct`, async (t) => {
    await assertWorks(await createTestClient(t, await startServer(t, tls)));
  });

  test(`${scheme} server, proxy-url http with a password`, async (t) => {
    const server = await startServer(t, tls);
    const proxy = await startConnectProxy(t, { targetPort: server.port, credentials });
    const cluster = { 'proxy-url': `http://${encodedCredentials}@127.0.0.1:${proxy.port}` };
    await assertWorks(await createTestClient(t, server, { host, cluster }));
    assert.deepEqual(proxy.targets, [`${host}:${server.port}`, `${host}:${server.port}`]);
  });

  test(`${scheme} server, proxy-url socks5 with a password`, async (t) => {
    const server = await startServer(t, tls);
    const proxy = await startSocksProxy(t, { targetPort: server.port, credentials });
    const cluster = { 'proxy-url': `socks5://${encodedCredentials}@127.0.0.1:${proxy.port}` };
    await assertWorks(await createTestClient(t, server, { host, cluster }));
    assert.deepEqual(proxy.targets, [`${host}:${server.port}`, `${host}:${server.port}`]);
  });
}

test('proxy-url socks5 without a password', async (t) => {
  const server = await startServer(t, true);
  const proxy = await startSocksProxy(t, { targetPort: server.port });
  await assertWorks(
    await createTestClient(t, server, { host, cluster: { 'proxy-url': `socks5://127.0.0.1:${proxy.port}` } }),
  );
});

test('HTTPS_PROXY leads to the server, NO_PROXY past it', async (t) => {
  const server = await startServer(t, true);
  const proxy = await startConnectProxy(t, { targetPort: server.port });
  const HTTPS_PROXY = `127.0.0.1:${proxy.port}`;
  await assertWorks(await createTestClient(t, server, { host, environment: { HTTPS_PROXY } }));
  assert.equal(proxy.targets.length, 2);
  const excluded = await createTestClient(t, server, {
    host,
    environment: { HTTPS_PROXY, NO_PROXY: '.invalid' },
  });
  await assert.rejects(excluded.get('/version', { signal }), /its name cannot be resolved/);
  assert.equal(proxy.targets.length, 2);
});

/** Sends one request in a process whose system knows one more authority: Node reads those at its start only. */
async function runWithAuthority(authorityFile: string, kubeconfig: string): Promise<string> {
  const source = new URL('../../../src/', import.meta.url).href;
  const script = `
    const { createKubeClient } = await import('${source}kube/index.js');
    const { nullLogger: logger, systemClock: clock } = await import('${source}core/index.js');
    const client = await createKubeClient({ kubeconfigPaths: [${JSON.stringify(kubeconfig)}], logger, clock });
    const { ok } = await client.get('/version', { signal: AbortSignal.timeout(10_000) });
    client.close();
    process.stdout.write(ok ? 'ok' : 'not ok');`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    env: { NODE_EXTRA_CA_CERTS: authorityFile },
  });
  return stdout;
}

test('a proxy that speaks TLS itself', async (t) => {
  const server = await startServer(t, true);
  const nowMs = Date.now();
  const authority = await createAuthority({ commonName: 'proxies', nowMs });
  const leaf = await issueLeaf(authority, {
    usage: 'agent',
    commonName: 'proxy',
    subjectAltNames: ['localhost'],
    lifetimeMs: 3_600_000,
    nowMs,
  });
  const proxy = await startConnectProxy(t, { targetPort: server.port, tls: leaf });
  const cluster = { 'proxy-url': `https://localhost:${proxy.port}` };
  const client = await createTestClient(t, server, { host, cluster });
  // The system does not know the proxy's authority, and a kubeconfig cannot name one for it.
  await assert.rejects(
    client.get('/version', { signal }),
    /proxy https:\/\/localhost:\d+: its certificate comes from/,
  );
  assert.deepEqual(proxy.targets, []);
  const authorityFile = join(await createTemporaryFolder(t), 'ca.crt');
  await writeFile(authorityFile, authority.certificate);
  const kubeconfig = await writeKubeconfig(t, server, { host, cluster });
  assert.equal(await runWithAuthority(authorityFile, kubeconfig), 'ok');
  assert.deepEqual(proxy.targets, [`${host}:${server.port}`]);
});

test('what a proxy refuses is said with its name', async (t) => {
  const server = await startServer(t, true);
  const reject = async (proxyUrl: string, pattern: RegExp): Promise<void> => {
    const client = await createTestClient(t, server, { host, cluster: { 'proxy-url': proxyUrl } });
    const isExpected = (error: unknown): boolean =>
      isToolError(error, 'KUBE_UNREACHABLE') &&
      pattern.test(error.message) &&
      !error.message.includes('s:cr');
    await assert.rejects(client.get('/version', { signal }), isExpected);
    await assert.rejects(
      client.portForward({ namespace: 'demo', pod: 'a', port: 80 }, { signal }),
      isExpected,
    );
  };
  const refusing = await startConnectProxy(t, { targetPort: server.port, refuseWith: 403 });
  await reject(
    `http://127.0.0.1:${refusing.port}`,
    /proxy http:\/\/127\.0\.0\.1:\d+: it answers 403 to CONNECT/,
  );
  const asking = await startConnectProxy(t, { targetPort: server.port, credentials });
  await reject(`http://ann:wrong@127.0.0.1:${asking.port}`, /it answers 407 to CONNECT/);
  const socks = await startSocksProxy(t, { targetPort: server.port, refuseWith: 5 });
  await reject(`socks5://127.0.0.1:${socks.port}`, /proxy socks5:\/\/127\.0\.0\.1:\d+: .*ConnectionRefused/);
  await reject(
    `http://127.0.0.1:${await findClosedPort()}`,
    /proxy http:\/\/127\.0\.0\.1:\d+: connection refused/,
  );
  await reject(
    `socks5://127.0.0.1:${await findClosedPort()}`,
    /proxy socks5:\/\/127\.0\.0\.1:\d+: connection refused/,
  );
});

test('an abort ends the wait for a proxy and leaves no connection', async (t) => {
  for (const scheme of ['http', 'socks5']) {
    const controller = new AbortController();
    const reason = new Error('the user went away');
    const silent = await startFakeApiServer(t);
    const client = await createTestClient(t, silent, {
      host,
      cluster: { 'proxy-url': `${scheme}://127.0.0.1:${silent.port}` },
    });
    const target = { namespace: 'demo', pod: 'a', port: 80 };
    const opening = client.portForward(target, { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(opening, reason);
  }
});

test("the user's certificate is presented", async (t) => {
  const server = await startServer(t, true);
  const leaf = await issueLeaf(server.authority ?? assert.fail(), {
    usage: 'client',
    commonName: 'ann',
    subjectAltNames: [],
    lifetimeMs: 3_600_000,
    nowMs: Date.now(),
  });
  const user = {
    'client-certificate-data': toBase64(leaf.certificate),
    'client-key-data': toBase64(leaf.key),
  };
  await assertWorks(await createTestClient(t, server, { user }));
  assert.deepEqual(
    server.requests.map(({ clientName }) => clientName),
    ['ann', 'ann'],
  );
});
