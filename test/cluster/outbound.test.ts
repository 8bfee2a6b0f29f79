/** The laptop reaches nothing but the API server; through `tp` a local process reaches what a pod would, by its names. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConnectionStatus, InterceptResult } from '../../src/contract/index.ts';
import { tpJson } from './main-job.ts';
import { Laptop, apply, createNamespace, kubectl, suiteOwner, waitFor } from './support.ts';

await describe('from the laptop', async () => {
  const owner = suiteOwner();
  const namespace = await createNamespace(owner, 'outbound');
  const other = await createNamespace(owner, 'other');
  const laptop = await Laptop.create(owner);
  await Promise.all([
    apply(namespace, 'client', 'shop', 'redis', 'postgres', 'statefulset', 'udp', 'greeter'),
    apply(other, 'nginx'),
  ]);
  const connected = await tpJson<ConnectionStatus>(laptop, [
    'connect',
    '--namespace',
    namespace,
    '--forward',
    '16379:redis-0.redis-pods:6379',
    '--forward',
    '15432:postgres:5432',
  ]);
  const proxy = `${connected.proxy.host}:${String(connected.proxy.port)}`;

  /** curl in a child of `tp connect`, with nothing but the variables that tp sets. */
  async function curl(url: string, ...options: string[]): Promise<string> {
    const result = await laptop.runTp([
      'connect',
      '-n',
      namespace,
      '--',
      'curl',
      '-sS',
      '--fail',
      ...options,
      url,
    ]);
    assert.equal(result.code, 0, result.stderr);
    return result.stdout;
  }

  await test('without any agent a gateway is the way in', () => {
    assert.equal(connected.via, 'tp-gateway');
    assert.equal(connected.state, 'connected');
  });

  await test('nothing of it is reachable without tp', async () => {
    const direct = await laptop.run(['curl', '-sS', '--max-time', '3', 'http://catalog']);
    assert.notEqual(direct.code, 0);
  });

  for (const name of [
    'catalog',
    'catalog.NAMESPACE',
    'catalog.NAMESPACE.svc',
    'catalog.NAMESPACE.svc.cluster.local',
  ])
    await test(`HTTP by the name ${name}`, async () => {
      assert.match(await curl(`http://${name.replace('NAMESPACE', namespace)}`), /"service": ?"catalog"/);
    });

  await test('a service of another namespace by its name', async () => {
    assert.match(await curl(`http://nginx.${other}/`), /nginx/i);
  });

  await test('a StatefulSet pod by its name', async () => {
    const pods = await kubectl(['get', 'pods', '-l', 'app=redis', '-o', 'name'], { namespace });
    assert.match(pods, /redis-0/);
    const answer = await laptop.run(
      ['curl', '-sS', '--max-time', '10', '--socks5-hostname', proxy, 'telnet://redis-0.redis-pods:6379'],
      {
        input: 'PING\r\nQUIT\r\n',
      },
    );
    assert.match(answer.stdout, /\+PONG/);
  });

  for (const [how, options] of [
    ['SOCKS5 with remote names', ['--socks5-hostname', proxy]],
    ['HTTP CONNECT', ['--proxytunnel', '--proxy', `http://${proxy}`]],
    ['an HTTP proxy', ['--proxy', `http://${proxy}`]],
  ] as const)
    await test(`curl by ${how}`, async () => {
      const { stdout, stderr } = await laptop.run(['curl', '-sS', '--fail', ...options, 'http://web/']);
      assert.match(stdout, /"service": ?"web"/, stderr);
    });

  await test('redis-cli through a loopback forward', async () => {
    const { stdout, stderr } = await laptop.run([
      'redis-cli',
      '-h',
      '127.0.0.1',
      '-p',
      '16379',
      'SET',
      'tp',
      'works',
    ]);
    assert.equal(stdout.trim(), 'OK', stderr);
    const read = await laptop.run(['redis-cli', '-p', '16379', 'GET', 'tp']);
    assert.equal(read.stdout.trim(), 'works');
  });

  await test('psql through a loopback forward', async () => {
    const { stdout, stderr } = await laptop.run([
      'psql',
      'postgresql://postgres@127.0.0.1:15432/postgres',
      '-Atc',
      'select 6 * 7',
    ]);
    assert.equal(stdout.trim(), '42', stderr);
  });

  await test('a closed port is refused, a missing name does not exist', async () => {
    const refused = await laptop.run([
      'curl',
      '-sS',
      '--socks5-hostname',
      proxy,
      'http://redis-0.redis-pods:81/',
      '--max-time',
      '10',
    ]);
    assert.notEqual(refused.code, 0);
    // curl words the reply codes of RFC 1928 §6: 5 is "connection refused", 4 "host unreachable".
    assert.match(refused.stderr, /\(5\)|refused/i);
    const missing = await laptop.run([
      'curl',
      '-sS',
      '--socks5-hostname',
      proxy,
      'http://nowhere/',
      '--max-time',
      '10',
    ]);
    assert.match(missing.stderr, /\(4\)|unreachable/i);
  });

  await test('100 connections at once all get their answer', async () => {
    const script = `seq 100 | xargs -P 25 -I{} curl -sS --fail --max-time 30 --proxy http://${proxy} http://catalog/ | grep -o '"service"' | wc -l`;
    const { stdout, stderr } = await laptop.run(['sh', '-c', script]);
    assert.equal(stdout.trim(), '100', stderr);
  });

  await test('the gateway goes away by itself once nobody is connected', async () => {
    await tpJson(laptop, ['quit']);
    await waitFor('the gateway to be gone', async () => {
      const left = await kubectl(
        [
          'get',
          'pods,serviceaccounts,roles,rolebindings',
          '-l',
          'app.kubernetes.io/managed-by=tp',
          '-o',
          'name',
        ],
        { namespace },
      );
      return left.trim() === '';
    });
  });

  await test('an intercepted command has the environment of its container, and the cluster', async () => {
    const script =
      'curl -sS --fail http://catalog/ && curl -sS --fail http://orders.$NS/ && printenv POD_NAME';
    const result = await laptop.runTp(
      ['intercept', 'web', '-n', namespace, '--port', '18090:80', '--', 'sh', '-c', script],
      { env: { NS: namespace } },
    );
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /"service": ?"catalog"[\s\S]*"service": ?"orders"[\s\S]*web-/);
  });

  await test('the exit code of the command is that of tp, and the intercept is left', async () => {
    const result = await laptop.runTp([
      'intercept',
      'web',
      '-n',
      namespace,
      '--port',
      '18090:80',
      '--',
      'sh',
      '-c',
      'exit 7',
    ]);
    assert.equal(result.code, 7, result.stderr);
    const status = await tpJson<{ connections: { intercepts: InterceptResult[] }[] }>(laptop, ['status']);
    assert.deepEqual(
      status.connections.flatMap(({ intercepts }) => intercepts),
      [],
    );
  });
});
