import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { InterceptRequest, Rule } from '../../../../src/contract/index.ts';
import { createDeferred } from '../../../../src/core/index.ts';
import { createCliRunner } from '../../../support/cli-runner.ts';
import { fakeInterceptResult } from '../../../support/fake-connection.ts';
import { workingOperations } from '../../../support/working-operations.ts';

const simple = ['intercept', 'web', '--port', '8080'];

test('tp intercept tells what was chosen and why, where to send what, and what next', async (t) => {
  const { tp } = await createCliRunner(t, workingOperations);
  assert.equal(
    (await tp(...simple)).stdout,
    [
      'Intercepting deploy/web, namespace shop of staging, 1/1 pods',
      '  web:80 -> 127.0.0.1:8080 by sidecar and port-name: the Service names its target port',
      '  proxy into the cluster: 127.0.0.1:41080 (SOCKS5 and HTTP)',
      '  forward: 127.0.0.1:5432 -> db:5432',
      'End it with: tp leave web',
      '',
    ].join('\n'),
  );
});

test('tp intercept prints the intercept for programs', async (t) => {
  const { tp } = await createCliRunner(t, workingOperations);
  assert.deepEqual(JSON.parse((await tp(...simple, '-o', 'json')).stdout), fakeInterceptResult);
  assert.deepEqual(parse((await tp(...simple, '-o', 'yaml')).stdout), fakeInterceptResult);
});

test('tp intercept says which requests are meant, and asks for them', async (t) => {
  const rule: Rule = { kind: 'header', name: 'x-user', value: { kind: 'glob', text: 'ali*' } };
  const asked: InterceptRequest['rule'][] = [];
  const { tp } = await createCliRunner(t, {
    intercept: (request) => {
      asked.push(request.rule);
      return Promise.resolve({ result: { ...fakeInterceptResult, rule: request.rule } });
    },
  });
  const { stdout } = await tp(...simple, '--header', 'X-User: ali*');
  assert.match(stdout, /^ {2}only requests with header x-user: ali\*$/m);
  assert.deepEqual(asked, [rule]);
  await tp(...simple, '--personal', '--not', 'path /health');
  assert.match(
    JSON.stringify(asked[1]),
    /^\{"kind":"all","rules":\[\{"kind":"key","value":"[\w.-]+"\},\{"kind":"not"/,
  );
});

test('tp intercept asks for what the options say', async (t) => {
  let asked: InterceptRequest | undefined;
  const { tpWith, folder } = await createCliRunner(t, {
    intercept: (request) => {
      asked = request;
      return Promise.resolve({ result: fakeInterceptResult });
    },
  });
  const environment = { TP_HOME: folder, TP_AGENT_IMAGE: 'registry/agent:1' };
  await tpWith(
    { environment },
    ...'intercept svc/web -p 8080:http -p 9090 --address 192.168.1.2 --container app --redirect nftables'.split(
      ' ',
    ),
    ...'--forward 5432:db:5432 --timeout 90s --yes --agent-image other:2 -n shop'.split(' '),
  );
  assert.deepEqual(asked, {
    connection: { namespace: 'shop', environment, workingDirectory: folder },
    name: 'svc/web',
    ports: [{ localPort: 8080, remote: 'http' }, { localPort: 9090 }],
    localAddress: '192.168.1.2',
    container: 'app',
    attach: 'sidecar',
    redirect: 'nftables',
    agentImage: 'other:2',
    forwards: [{ address: '127.0.0.1', localPort: 5432, host: 'db', port: 5432 }],
    timeoutSeconds: 90,
    confirmed: true,
    hold: false,
  });
  await tpWith({ environment }, ...simple);
  assert.equal(asked.confirmed, false);
  assert.equal(asked.agentImage, 'registry/agent:1');
});

test('tp intercept tells of pods that are held by somebody else', async (t) => {
  const { tp } = await createCliRunner(t, {
    intercept: () =>
      Promise.resolve({
        result: {
          ...fakeInterceptResult,
          pods: [
            { name: 'web-1', state: 'intercepted' },
            { name: 'web-2', state: 'held', holder: 'ada@laptop' },
          ],
        },
      }),
  });
  const { stdout } = await tp(...simple);
  assert.match(stdout, /^Intercepting .* 1\/2 pods\n/);
  assert.match(stdout, /\nweb: pod web-2 is held by ada@laptop, its traffic stays in the cluster\n$/);
});

test('tp intercept tells when nobody listens yet', async (t) => {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const ports = fakeInterceptResult.ports.map((taken) => ({ ...taken, localPort: port }));
  const { tp } = await createCliRunner(t, {
    intercept: () => Promise.resolve({ result: { ...fakeInterceptResult, ports } }),
  });
  assert.equal((await tp(...simple)).stderr, '');
  listener.close();
  await once(listener, 'close');
  assert.match(
    (await tp(...simple)).stderr,
    /^tp: Nothing listens on 127\.0\.0\.1:\d+ yet: until then the cluster's own copy answers\n$/,
  );
});

test('tp intercept writes environment files for their owner only', async (t) => {
  const { tp, folder } = await createCliRunner(t, workingOperations);
  const { exitCode } = await tp(
    ...simple,
    ...'--env-file web.sh --env-syntax sh --env-json web.json'.split(' '),
  );
  assert.equal(exitCode, 0);
  const lines = (await readFile(join(folder, 'web.sh'), 'utf8')).split('\n');
  assert.ok(lines.includes(String.raw`export GREETING='it'\''s here'`));
  assert.ok(lines.includes(`export TP_INTERCEPT='web'`));
  const json = JSON.parse(await readFile(join(folder, 'web.json'), 'utf8')) as Record<string, string>;
  assert.equal(json['ALL_PROXY'], 'socks5h://127.0.0.1:41080');
  for (const name of ['web.sh', 'web.json'])
    assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600);
});

test('tp intercept names the variables that a file cannot hold', async (t) => {
  const environment = { KEY: 'two\nlines' };
  const { tp } = await createCliRunner(t, {
    intercept: () => Promise.resolve({ result: { ...fakeInterceptResult, environment } }),
  });
  const { stderr } = await tp(...simple, '--env-file', 'web.env');
  assert.match(stderr, /^tp: KEY is not in web\.env: a docker env file cannot hold line breaks\n/);
});

test('nothing is asked of the daemon when a file cannot be written or a command not started', async (t) => {
  let asked = 0;
  const { tp, folder } = await createCliRunner(t, {
    intercept: () => {
      asked += 1;
      return Promise.resolve({ result: fakeInterceptResult });
    },
  });
  const unwritable = await tp(...simple, '--env-file', 'missing/web.env');
  assert.equal(unwritable.exitCode, 4);
  assert.match(unwritable.stderr, /^tp: Cannot write "missing\/web\.env": ENOENT/);
  const absent = await tp(...simple, '--env-file', 'web.env', '--', 'no-such-program');
  assert.match(absent.stderr, /COMMAND_NOT_FOUND/);
  assert.equal(asked, 0);
  assert.deepEqual(await readdir(folder), ['daemon.sock']);
});

test('a failed intercept leaves no environment file', async (t) => {
  const { tp, folder } = await createCliRunner(t);
  assert.equal((await tp(...simple, '--env-file', 'web.env')).exitCode, 2);
  assert.deepEqual(await readdir(folder), ['daemon.sock']);
});

test('an intercept whose environment file fails in the end is left', async (t) => {
  const left = createDeferred<string>();
  const runner = await createCliRunner(t, {
    intercept: async () => {
      // The file was writable when the command began.
      for (const name of await readdir(runner.folder))
        if (name.includes('web.env')) await rm(join(runner.folder, name));
      return { result: fakeInterceptResult };
    },
    leave: ({ name }) => {
      left.resolve(name);
      return Promise.resolve({ result: { name, openConnections: 0 } });
    },
  });
  const { exitCode, stderr } = await runner.tp(...simple, '--env-file', 'web.env');
  assert.equal(exitCode, 4);
  assert.match(stderr, /FILE_NOT_WRITABLE/);
  assert.equal(await left.promise, 'web');
});

test('a signal interrupts an intercept that waits, and its operation', async (t) => {
  const started = createDeferred<undefined>();
  const aborted = createDeferred<undefined>();
  const { tp, signal, folder } = await createCliRunner(t, {
    intercept: (_request, context) =>
      new Promise(() => {
        context.signal.addEventListener('abort', () => aborted.resolve(undefined));
        started.resolve(undefined);
      }),
  });
  const result = tp(...simple, '--env-file', 'web.env');
  await started.promise;
  signal('SIGINT');
  assert.deepEqual(await result, { exitCode: 130, stdout: '', stderr: 'tp: Interrupted by SIGINT\n' });
  await aborted.promise;
  assert.deepEqual(await readdir(folder), ['daemon.sock']);
});
