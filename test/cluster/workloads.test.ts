/** Every kind of workload and port: its traffic, its environment, and that uninstall puts each back byte for byte. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { InterceptResult } from '../../src/contract/index.ts';
import { answers, onlyLaptopAnswers, startLocalProcess, tpJson } from './main-job.ts';
import {
  Laptop,
  apply,
  createNamespace,
  inPod,
  kubectl,
  kubectlJson,
  suiteOwner,
  waitFor,
  waitUntilReady,
} from './support.ts';

/** The specs of all workloads and Services, as the API server encodes them. Pods: what is not theirs to keep is left out. */
async function specs(namespace: string): Promise<Record<string, string>> {
  const { items } = await kubectlJson<{
    items: { kind: string; metadata: { name: string }; spec: object }[];
  }>(['get', 'deployments,statefulsets,daemonsets,replicasets,services'], namespace);
  const found: Record<string, string> = {};
  for (const { kind, metadata, spec } of items) {
    // ReplicaSets of a Deployment are its history.
    if (kind === 'ReplicaSet' && metadata.name !== 'relic') continue;
    found[`${kind}/${metadata.name}`] = JSON.stringify(spec);
  }
  return found;
}

await describe('workloads', async () => {
  const owner = suiteOwner();
  const namespace = await createNamespace(owner, 'kinds');
  const laptop = await Laptop.create(owner);
  const inNamespace = ['--namespace', namespace];
  await apply(
    namespace,
    'client',
    'statefulset',
    'daemonset',
    'replicaset',
    'pod',
    'pair',
    'udp',
    'greeter',
    'environment',
    'nginx',
  );
  const before = await specs(namespace);

  for (const { name, url, workload, more } of [
    { name: 'sts/cart', url: 'http://cart', workload: 'sts/cart', more: [] },
    { name: 'ds/beacon', url: 'http://beacon', workload: 'ds/beacon', more: [] },
    { name: 'svc/relic', url: 'http://relic', workload: 'rs/relic', more: [] },
    { name: 'pod/loner', url: 'http://loner', workload: 'pod/loner', more: ['--yes'] },
  ])
    await test(`${workload} is intercepted, and restored`, async (t) => {
      await startLocalProcess(t, laptop, 18080);
      const result = await tpJson<InterceptResult>(laptop, [
        'intercept',
        name,
        '--port',
        name === 'svc/relic' ? '18080' : '18080:http',
        ...inNamespace,
        ...more,
      ]);
      assert.equal(result.workload, workload);
      await onlyLaptopAnswers(namespace, url, 20);
      await tpJson(laptop, ['leave', name, ...inNamespace]);
      await tpJson(laptop, ['uninstall', workload, ...inNamespace, ...more]);
      await waitUntilReady(namespace);
      assert.ok(!(await answers(namespace, url, 10)).has('laptop'));
    });

  await test('a bare Pod is not re-created without --yes', async () => {
    const uid = await kubectl(['get', 'pod', 'loner', '-o', 'jsonpath={.metadata.uid}'], { namespace });
    const refused = await laptop.runTp(['intercept', 'pod/loner', '--port', '18080', ...inNamespace]);
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, /--yes/);
    assert.equal(
      await kubectl(['get', 'pod', 'loner', '-o', 'jsonpath={.metadata.uid}'], { namespace }),
      uid,
    );
  });

  await test('two ports of two containers at once, with the environment of the second', async (t) => {
    await startLocalProcess(t, laptop, 18080);
    await startLocalProcess(t, laptop, 19090);
    const result = await tpJson<InterceptResult>(laptop, [
      'intercept',
      'svc/pair',
      '--port',
      '19090:admin',
      '--port',
      '18080:http',
      ...inNamespace,
    ]);
    assert.equal(result.container, 'admin');
    assert.equal(result.environment['SERVICE'], 'admin');
    for (const url of ['http://pair', 'http://pair:9090']) await onlyLaptopAnswers(namespace, url, 10);
    assert.ok(
      !(await answers(namespace, 'http://pair-admin', 10)).has('laptop'),
      'another Service of these pods',
    );
    await tpJson(laptop, ['leave', 'svc/pair', ...inNamespace]);

    const front = await tpJson<InterceptResult>(laptop, [
      'intercept',
      'deploy/pair',
      '--port',
      '19090:admin',
      '--container',
      'front',
      ...inNamespace,
    ]);
    assert.equal(front.environment['SERVICE'], 'front');
    await onlyLaptopAnswers(namespace, 'http://pair:9090', 10);
    assert.ok(
      !(await answers(namespace, 'http://pair', 10)).has('laptop'),
      'the other port is not asked for',
    );
    await tpJson(laptop, ['leave', 'deploy/pair', ...inNamespace]);
  });

  await test('UDP datagrams reach the laptop, and the pod again', async (t) => {
    const ask = async (text: string): Promise<string> =>
      inPod(namespace, 'client', ['sh', '-c', `echo -n ${text} | nc -u -w 2 udp-echo 9000`]);
    assert.match(await ask('one'), /^udp-echo-.* one$/);
    await startLocalProcess(t, laptop, 19000, 'udp');
    await tpJson(laptop, ['intercept', 'svc/udp-echo', '--port', '19000:9000', ...inNamespace]);
    // kube-proxy needs about a second to hear of a switched Service.
    await waitFor('the laptop to answer', async () => (await ask('two')) === 'laptop: two', 15_000);
    await tpJson(laptop, ['leave', 'svc/udp-echo', ...inNamespace]);
    assert.match(await ask('three'), /^udp-echo-.* three$/);
  });

  await test('a server that speaks first is heard at once, with an agent in front of it', async () => {
    await tpJson(laptop, ['intercept', 'greeter', '--port', '18025', ...inNamespace]);
    // Nothing listens on 18025: the application answers, greeting first, as if there were no agent.
    const greeting = await inPod(namespace, 'client', ['sh', '-c', 'nc -w 2 greeter 25 < /dev/null']);
    assert.match(greeting, /^220 greeter-/);
    await tpJson(laptop, ['leave', 'greeter', ...inNamespace]);
  });

  await test('the environment is the one of the pod, from whatever source', async () => {
    const result = await laptop.runTp([
      'intercept',
      'environment',
      '--port',
      '18080',
      ...inNamespace,
      '--',
      process.execPath,
      '-p',
      'JSON.stringify(process.env)',
    ]);
    assert.equal(result.code, 0, result.stderr);
    const local = JSON.parse(result.stdout) as Record<string, string>;
    const text = await inPod(
      namespace,
      local['POD_NAME'] ?? '',
      ['node', '-p', 'JSON.stringify(process.env)'],
      {
        container: 'environment',
      },
    );
    const remote = JSON.parse(text) as Record<string, string>;
    for (const [name, value] of Object.entries(remote)) {
      if (['PATH', 'HOME', 'PWD', 'SHLVL', '_', 'TERM'].includes(name)) continue;
      assert.equal(local[name], value, name);
    }
    assert.match(remote['DATABASE_URL'] ?? '', /^postgres:\/\/shop:p4/);
  });

  await test('uninstall --all puts every template and Service back, byte for byte', async () => {
    await tpJson(laptop, ['uninstall', '--all', '--yes', ...inNamespace]);
    await waitUntilReady(namespace);
    assert.deepEqual(await specs(namespace), before);
  });
});
