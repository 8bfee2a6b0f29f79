/** `tp run`: any program on the laptop, in a network of its own, reaches what a pod would and by the same names. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import type { CommandResult } from './commands.ts';
import { Laptop, apply, createNamespace, kubectl, suiteOwner } from './support.ts';
import { reasonAgainstNamespaces } from '../support/native-parts.ts';

const skip = await reasonAgainstNamespaces();

/** Why a program of the test is not there; false: it is. */
function without(program: string): string | false {
  try {
    execFileSync('which', [program]);
    return false;
  } catch {
    return `no ${program} on this machine`;
  }
}

await describe('tp run', { skip }, async () => {
  if (skip !== false) return;
  const owner = suiteOwner();
  const namespace = await createNamespace(owner, 'run');
  const other = await createNamespace(owner, 'run-other');
  const laptop = await Laptop.create(owner);
  await Promise.all([apply(namespace, 'shop', 'redis', 'postgres', 'udp'), apply(other, 'nginx')]);

  const inCluster = (...command: string[]): Promise<CommandResult> =>
    laptop.runTp(['run', '-n', namespace, '--', ...command]);
  async function output(...command: string[]): Promise<string> {
    const result = await inCluster(...command);
    assert.equal(result.code, 0, result.stderr);
    return result.stdout;
  }

  const clusterIp = async (service: string): Promise<string> =>
    (await kubectl(['get', 'svc', service, '-o', 'jsonpath={.spec.clusterIP}'], { namespace })).trim();

  await test('it says which mode it took', async () => {
    const { stderr } = await inCluster('true');
    assert.match(stderr, /Mode: run/);
  });

  for (const name of [
    'catalog',
    'catalog.NS',
    'catalog.NS.svc',
    'catalog.NS.svc.cluster.local',
    `nginx.${other}`,
  ])
    await test(`curl by the name ${name}`, async () => {
      const url = `http://${name.replace('NS', namespace)}/`;
      assert.match(await output('curl', '-sS', '--fail', '--max-time', '20', url), /catalog|nginx/i);
    });

  await test('curl by the address of a pod', async () => {
    const pod = await kubectl(
      [
        'get',
        'pods',
        '-l',
        'app=catalog',
        '-o',
        'jsonpath={.items[0].status.podIP}:{.items[0].spec.containers[0].ports[0].containerPort}',
      ],
      { namespace },
    );
    assert.match(await output('curl', '-sS', '--fail', '--max-time', '20', `http://${pod}/`), /catalog/);
  });

  await test('redis-cli to a StatefulSet pod by its name', { skip: without('redis-cli') }, async () => {
    assert.equal((await output('redis-cli', '-h', 'redis-0.redis-pods', 'ping')).trim(), 'PONG');
  });

  await test('psql', { skip: without('psql') }, async () => {
    const answer = await output('psql', '-h', 'postgres', '-U', 'postgres', '-Atc', 'select 6*7');
    assert.equal(answer.trim(), '42');
  });

  await test('getent: short names and missing ones', async () => {
    const address = await clusterIp('catalog');
    assert.equal((await output('getent', 'hosts', 'catalog')).split(/\s/)[0], address);
    assert.notEqual((await inCluster('getent', 'hosts', 'nowhere')).code, 0);
  });

  await test('SRV, PTR and missing names, as the cluster answers them', async () => {
    const zone = `${namespace}.svc.cluster.local`;
    const address = await clusterIp('catalog');
    const script = `
      import { Resolver } from 'node:dns/promises';
      const resolver = new Resolver();
      const code = (promise) => promise.then(() => 'found', (error) => error.code);
      console.log(JSON.stringify({
        srv: (await resolver.resolveSrv('_redis._tcp.redis-pods.${zone}')).map(({ name, port }) => [name, port]).sort(),
        ptr: await resolver.reverse('${address}'),
        missing: await code(resolver.resolve4('missing.${zone}')),
        wpad: await code(resolver.resolve4('wpad')),
      }));`;
    assert.deepEqual(JSON.parse(await output(process.execPath, '--input-type=module', '-e', script)), {
      srv: [0, 1].map((index) => [`redis-${index}.redis-pods.${zone}`, 6379]),
      ptr: [`catalog.${zone}`],
      missing: 'ENOTFOUND',
      wpad: 'ENOTFOUND',
    });
  });

  await test('a static program', { skip: without('busybox') }, async () => {
    assert.match(await output('busybox', 'wget', '-qO-', 'http://catalog/'), /catalog/);
  });

  // Of a pod: packets to a port that a Service does not have are dropped by many clusters, for pods too.
  await test('a closed port refuses', async () => {
    const podIp = await kubectl(
      ['get', 'pods', '-l', 'app=catalog', '-o', 'jsonpath={.items[0].status.podIP}'],
      { namespace },
    );
    const { code, stderr } = await inCluster('curl', '-sS', '--max-time', '20', `http://${podIp}:81/`);
    assert.equal(code, 7, stderr);
    assert.match(stderr, /refused|Could not connect|Failed to connect/);
  });

  await test('many connections at once', async () => {
    const fetchAll =
      'await Promise.all(Array.from({ length: 200 }, async () => (await fetch("http://catalog/")).text()));console.log("all")';
    assert.equal((await output(process.execPath, '--input-type=module', '-e', fetchAll)).trim(), 'all');
  });

  await test('the exit code is the command’s, and the machine stays as it was', async () => {
    const before = await readFile('/etc/resolv.conf', 'utf8');
    assert.equal((await inCluster('sh', '-c', 'exit 7')).code, 7);
    assert.equal(await readFile('/etc/resolv.conf', 'utf8'), before);
    assert.doesNotMatch((await laptop.run(['ip', 'link'])).stdout, /tp0/);
  });
});
