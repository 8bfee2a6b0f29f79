/** Credentials of every kind as the API server sees them, and how they are renewed. */
import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { isToolError } from '../../../src/errors/index.ts';
import { expiryMarginMs, fileFreshMs, pluginTimeoutMs } from '../../../src/kube/credentials.ts';
import { issueLeaf } from '../../../src/pki/index.ts';
import { startFakeApiServer, statusAnswer, type FakeApiServer } from '../../support/fake-api-server.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createTestClient } from '../../support/fake-kubeconfig.ts';
import { waitFor } from '../../support/sockets.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

const { signal } = new AbortController();
const apiVersion = 'client.authentication.k8s.io/v1';

/** The Authorization fields that the server saw. */
function authorizations(server: FakeApiServer): (string | undefined)[] {
  return server.requests.map(({ headers }) => headers.authorization);
}

/** Sends one request as `user` and returns its header fields. */
async function headersOf(
  t: TestContext,
  user: object,
): Promise<FakeApiServer['requests'][number]['headers']> {
  const server = await startFakeApiServer(t);
  await (await createTestClient(t, server, { user })).get('/version', { signal });
  return server.requests[0]?.headers ?? {};
}

interface Plugin {
  /** For the user of a kubeconfig. */
  exec: object;
  /** How often it has run. */
  runs(): Promise<number>;
}

/** A credential plug-in: a shell script that notes each run and then does `script`, in which $n is the run's number. */
async function createPlugin(t: TestContext, script: string, fields: object = {}): Promise<Plugin> {
  const folder = await createTemporaryFolder(t);
  const log = join(folder, 'runs');
  await writeFile(log, '');
  const command = join(folder, 'login');
  await writeFile(command, `#!/bin/sh\necho run >> ${log}\nn=$(wc -l < ${log} | tr -d ' ')\n${script}\n`);
  await chmod(command, 0o700);
  return {
    exec: { apiVersion, command, ...fields },
    runs: async () => (await readFile(log, 'utf8')).split('\n').length - 1,
  };
}

/** Shell that prints a credential with the token "token-$n". */
function printToken(fields = ''): string {
  return `echo '{"apiVersion":"${apiVersion}","kind":"ExecCredential","status":{"token":"token-'$n'"${fields}}}'`;
}

test('token, password and nobody', async (t) => {
  assert.equal((await headersOf(t, { token: 'abc' })).authorization, 'Bearer abc');
  const basic = await headersOf(t, { username: 'ann', password: 'pass' });
  assert.equal(basic.authorization, `Basic ${Buffer.from('ann:pass').toString('base64')}`);
  assert.equal((await headersOf(t, {})).authorization, undefined);
});

test('impersonation', async (t) => {
  const user = {
    token: 'abc',
    as: 'bob',
    'as-uid': '7',
    'as-groups': ['dev', 'ops'],
    'as-user-extra': { 'acme.com/scope': ['a', 'b'] },
  };
  const headers = await headersOf(t, user);
  assert.equal(headers['impersonate-user'], 'bob');
  assert.equal(headers['impersonate-uid'], '7');
  assert.equal(headers['impersonate-group'], 'dev, ops');
  assert.equal(headers['impersonate-extra-acme.com%2fscope'], 'a, b');
});

test('port-forwards carry the same credentials', async (t) => {
  const server = await startFakeApiServer(t, { onPortForward: (webSocket) => webSocket.close() });
  const user = { token: 'abc', as: 'bob', 'as-groups': ['dev', 'ops'] };
  const client = await createTestClient(t, server, { user });
  await assert.rejects(client.portForward({ namespace: 'demo', pod: 'a', port: 80 }, { signal }));
  assert.equal(server.requests[0]?.headers.authorization, 'Bearer abc');
  assert.equal(server.requests[0].headers['impersonate-group'], 'dev, ops');
});

test('a token file wins over the token and is read again after a minute', async (t) => {
  const clock = createFakeClock();
  const tokenFile = join(await createTemporaryFolder(t), 'token');
  await writeFile(tokenFile, 'one\n');
  const server = await startFakeApiServer(t);
  const client = await createTestClient(t, server, { clock, user: { tokenFile, token: 'static' } });
  await client.get('/version', { signal });
  await writeFile(tokenFile, 'two\n');
  await client.get('/version', { signal });
  await clock.advance(fileFreshMs);
  await client.get('/version', { signal });
  assert.deepEqual(authorizations(server), ['Bearer one', 'Bearer one', 'Bearer two']);
});

test('a token file that is refused is read again at once', async (t) => {
  const tokenFile = join(await createTemporaryFolder(t), 'token');
  await writeFile(tokenFile, 'old');
  const server = await startFakeApiServer(t, {
    answer: async ({ headers }) => {
      if (headers.authorization === 'Bearer new') return {};
      await writeFile(tokenFile, 'new');
      return statusAnswer(401, 'Unauthorized');
    },
  });
  const client = await createTestClient(t, server, { user: { tokenFile } });
  await client.get('/version', { signal });
  assert.deepEqual(authorizations(server), ['Bearer old', 'Bearer new']);
});

test('a fixed token that is refused is not sent again', async (t) => {
  const server = await startFakeApiServer(t, { answer: () => statusAnswer(401, 'Unauthorized') });
  const client = await createTestClient(t, server, { user: { token: 'abc' } });
  await assert.rejects(client.get('/version', { signal }), (error) =>
    isToolError(error, 'KUBE_UNAUTHORIZED'),
  );
  assert.equal(server.requests.length, 1);
});

test('a missing credential file is said by name', async (t) => {
  const server = await startFakeApiServer(t);
  const client = await createTestClient(t, server, { user: { tokenFile: '/nowhere/token' } });
  await assert.rejects(
    client.get('/version', { signal }),
    (error) =>
      isToolError(error, 'KUBECONFIG_CREDENTIALS_FAILED') && error.message.includes('/nowhere/token'),
  );
});

test('a plug-in runs once for many requests, and again before its credential expires', async (t) => {
  const clock = createFakeClock({ epochMs: Date.UTC(2026, 0, 1, 12) });
  const plugin = await createPlugin(t, printToken(',"expirationTimestamp":"2026-01-01T12:10:00Z"'));
  const server = await startFakeApiServer(t);
  const client = await createTestClient(t, server, { clock, user: { exec: plugin.exec } });
  const get = (): Promise<unknown> => client.get('/version', { signal });
  await Promise.all([get(), get(), get()]);
  await get();
  assert.equal(await plugin.runs(), 1);
  await clock.advance(600_000 - expiryMarginMs);
  await get();
  assert.equal(await plugin.runs(), 2);
  assert.equal(authorizations(server).at(-1), 'Bearer token-2');
});

test('a plug-in without an expiry runs again only when the server refuses its credential', async (t) => {
  const clock = createFakeClock();
  const plugin = await createPlugin(t, printToken());
  const server = await startFakeApiServer(t, {
    answer: ({ headers }) =>
      headers.authorization === 'Bearer token-2' ? {} : statusAnswer(401, 'Unauthorized'),
  });
  const client = await createTestClient(t, server, { clock, user: { exec: plugin.exec } });
  await client.get('/version', { signal });
  await clock.advance(24 * 3_600_000);
  await client.get('/version', { signal });
  assert.equal(await plugin.runs(), 2);
});

test('a plug-in whose new credential is refused too is not run for ever', async (t) => {
  const plugin = await createPlugin(t, printToken());
  const server = await startFakeApiServer(t, { answer: () => statusAnswer(401, 'Unauthorized') });
  const client = await createTestClient(t, server, { user: { exec: plugin.exec } });
  await assert.rejects(client.get('/version', { signal }), (error) =>
    isToolError(error, 'KUBE_UNAUTHORIZED'),
  );
  assert.equal(await plugin.runs(), 2);
});

test("a plug-in sees the caller's environment and folder, its own variables and KUBERNETES_EXEC_INFO", async (t) => {
  const script = `echo "$FROM_CALLER $FROM_CONFIG $PWD" > "$OUT"; echo "$KUBERNETES_EXEC_INFO" >> "$OUT"; ${printToken()}`;
  const folder = await createTemporaryFolder(t);
  const out = join(folder, 'out');
  const env = [{ name: 'FROM_CONFIG', value: 'config' }];
  const plugin = await createPlugin(t, script, { env, provideClusterInfo: true });
  const server = await startFakeApiServer(t, { tls: true });
  const environment = { PATH: process.env['PATH'], FROM_CALLER: 'caller', OUT: out };
  const client = await createTestClient(t, server, { environment, cwd: folder, user: { exec: plugin.exec } });
  await client.get('/version', { signal });
  const [variables, info = ''] = (await readFile(out, 'utf8')).split('\n');
  assert.equal(variables, `caller config ${folder}`);
  const { spec } = JSON.parse(info) as { spec: { interactive: boolean; cluster: Record<string, string> } };
  assert.equal(spec.interactive, false);
  assert.equal(spec.cluster['server'], client.server);
});

test('a plug-in is found in PATH', async (t) => {
  const folder = await createTemporaryFolder(t);
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin', 'tp-test-login'), `#!/bin/sh\nn=1\n${printToken()}\n`, { mode: 0o700 });
  const server = await startFakeApiServer(t);
  const environment = { PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}` };
  const user = { exec: { apiVersion, command: 'tp-test-login' } };
  await (await createTestClient(t, server, { environment, user })).get('/version', { signal });
  assert.deepEqual(authorizations(server), ['Bearer token-1']);
});

test("a plug-in's certificate is presented", async (t) => {
  const server = await startFakeApiServer(t, { tls: true });
  const options = { usage: 'client', commonName: 'ann', subjectAltNames: [], lifetimeMs: 3_600_000 } as const;
  const leaf = await issueLeaf(server.authority ?? assert.fail(), { ...options, nowMs: Date.now() });
  const status = { clientCertificateData: leaf.certificate, clientKeyData: leaf.key };
  const credential = JSON.stringify({ apiVersion, kind: 'ExecCredential', status });
  const plugin = await createPlugin(t, `cat <<'END'\n${credential}\nEND`);
  await (await createTestClient(t, server, { user: { exec: plugin.exec } })).get('/version', { signal });
  assert.equal(server.requests[0]?.clientName, 'ann');
});

test('what goes wrong with a plug-in is said in one line', async (t) => {
  const server = await startFakeApiServer(t);
  const reject = async (exec: object, pattern: RegExp): Promise<void> => {
    const client = await createTestClient(t, server, { user: { exec } });
    await assert.rejects(client.get('/version', { signal }), (error) => {
      assert.ok(isToolError(error, 'KUBECONFIG_CREDENTIALS_FAILED'));
      assert.match(error.message, pattern);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  };
  const failing = await createPlugin(t, 'echo "not logged in" >&2; echo "run: login" >&2; exit 3');
  await reject(failing.exec, /login" failed with exit code 3: not logged in run: login$/);
  const killed = await createPlugin(t, 'kill -9 $$');
  await reject(killed.exec, /was ended by SIGKILL/);
  const flooding = await createPlugin(t, 'exec cat /dev/zero');
  await reject(flooding.exec, /was ended by SIGTERM/);
  const missing = {
    apiVersion,
    command: 'tp-no-such-plugin',
    installHint: 'Install it with: brew\nand more',
  };
  await reject(missing, /"tp-no-such-plugin" is not installed; Install it with: brew$/);
  await reject({ apiVersion, command: '/etc' }, /cannot run "\/etc": .*EACCES/);
  await reject({ ...failing.exec, interactiveMode: 'Always' }, /needs a terminal/);
  assert.equal(server.requests.length, 0);
});

test('a plug-in that never ends is given up, and close() ends one that runs', async (t) => {
  const clock = createFakeClock();
  const server = await startFakeApiServer(t);
  const plugin = await createPlugin(t, 'exec sleep 1000');
  const client = await createTestClient(t, server, { clock, user: { exec: plugin.exec } });
  const first = assert.rejects(client.get('/version', { signal }), /it took longer than 300 s/);
  await waitFor('the plug-in', async () => (await plugin.runs()) === 1);
  await clock.advance(pluginTimeoutMs);
  await first;
  const second = assert.rejects(client.get('/version', { signal }));
  await waitFor('the plug-in', async () => (await plugin.runs()) === 2);
  client.close();
  await second;
  assert.equal(clock.pendingTimers, 0);
});

test('an abort stops the wait for a plug-in, which goes on for others', async (t) => {
  const server = await startFakeApiServer(t);
  const folder = await createTemporaryFolder(t);
  const gate = join(folder, 'gate');
  const plugin = await createPlugin(t, `while [ ! -e ${gate} ]; do sleep 0.01; done; ${printToken()}`);
  const client = await createTestClient(t, server, { user: { exec: plugin.exec } });
  const controller = new AbortController();
  const reason = new Error('the user went away');
  const aborted = assert.rejects(client.get('/version', { signal: controller.signal }), reason);
  const other = client.get('/version', { signal });
  await waitFor('the plug-in', async () => (await plugin.runs()) === 1);
  controller.abort(reason);
  await aborted;
  await writeFile(gate, '');
  await other;
  assert.equal(await plugin.runs(), 1);
});
