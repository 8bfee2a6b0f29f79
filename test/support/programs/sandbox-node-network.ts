/** Services, DNS and connections into pods; runs in namespaces of its own, see test/integration/sandbox/node.test.ts. */
import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import type { Stored } from '../../../src/sandbox/store/cluster-access.ts';
import { isReady, startNodeRig } from '../sandbox-node-rig.ts';

const rig = await startNodeRig();
after(() => rig.close());
const { createPod, awaitObject, exec, objects, node } = rig;
const namespace = 'default';
const never = new AbortController().signal;

/** Answers a line with its name, over TCP and UDP; and over TCP on the loopback alone. */
const server = `
  const name = process.env.HOSTNAME;
  const answer = (socket) => { socket.on('error', () => {}); socket.on('data', () => {}); socket.on('end', () => socket.end(name)); };
  const net = require('node:net');
  net.createServer({ allowHalfOpen: true }, answer).listen(8080);
  net.createServer({ allowHalfOpen: true }, answer).listen(9090, '127.0.0.1');
  const udp = require('node:dgram').createSocket('udp4');
  udp.on('message', (text, client) => udp.send(name + ' ' + text, client.port, client.address)).bind(5353);
  process.on('SIGTERM', () => process.exit(0));`;

async function ask(host: string, port: number): Promise<string> {
  const socket = connect({ host, port, allowHalfOpen: true });
  await once(socket, 'connect');
  socket.end('question\n');
  return Buffer.concat(await socket.toArray()).toString();
}

/** Until it is answered as wanted: the proxy follows endpoints, but not in the same turn. */
async function askUntil(host: string, port: number, isWanted: (answer: string) => boolean): Promise<string> {
  for (;;) {
    const answer = await ask(host, port).catch(
      (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'failed',
    );
    if (isWanted(answer)) return answer;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const pods: Stored<'pods'>[] = [];
for (const name of ['one', 'two']) {
  await createPod(name, {
    hostname: name,
    containers: [
      {
        name: 'app',
        image: 'machine',
        command: [process.execPath, '-e', server],
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
      },
    ],
  });
}
for (const name of ['one', 'two']) pods.push(await awaitObject('pods', name, isReady));
const addresses = pods.map(({ status }) => status?.podIP ?? '');

async function setEndpoints(ready: readonly string[]): Promise<void> {
  const name = 'shop-slice';
  const slice = {
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': 'shop' } },
    addressType: 'IPv4',
    endpoints: ready.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [
      { name: 'web', port: 8080, protocol: 'TCP' },
      { name: 'echo', port: 5353, protocol: 'UDP' },
    ],
  };
  const changed = await objects.change('endpointslices.discovery.k8s.io', { namespace, name }, () => slice);
  if (changed === undefined) await objects.create('endpointslices.discovery.k8s.io', slice);
}

test('connections reach what listens on the loopback of a pod, and are refused where nobody does', async () => {
  const socket = await node.kubelet.connect({ namespace, pod: 'two' }, 9090, never);
  socket.end('question\n');
  assert.equal(Buffer.concat(await socket.toArray()).toString(), 'two');
  await assert.rejects(node.kubelet.connect({ namespace, pod: 'two' }, 9999, never), {
    code: 'ECONNREFUSED',
  });
});

test('a Service address refuses without endpoints, and answers from each of them in turn', async () => {
  await objects.create('services', {
    metadata: { name: 'shop', namespace },
    spec: {
      clusterIP: '10.96.7.7',
      ports: [
        { name: 'web', port: 80, protocol: 'TCP' },
        { name: 'echo', port: 53, protocol: 'UDP' },
      ],
    },
  });
  await assert.rejects(ask('10.96.7.7', 80), { code: 'ECONNREFUSED' });
  await setEndpoints(addresses);
  await askUntil('10.96.7.7', 80, (answer) => answer !== 'ECONNREFUSED');
  const answers = new Set([await ask('10.96.7.7', 80), await ask('10.96.7.7', 80)]);
  assert.deepEqual([...answers].sort(), ['one', 'two']);
  await setEndpoints(addresses.slice(0, 1));
  await askUntil('10.96.7.7', 80, (answer) => answer === 'one');
  await setEndpoints([]);
  await askUntil('10.96.7.7', 80, (answer) => answer === 'ECONNREFUSED');
});

test('a pod finds a Service by its name and reaches itself through it, by TCP and UDP', async () => {
  await setEndpoints(addresses.slice(0, 1));
  await askUntil('10.96.7.7', 80, (answer) => answer === 'one');
  const program = `
    const socket = require('node:net').connect({ host: 'shop', port: 80, allowHalfOpen: true });
    socket.end('question'); socket.pipe(process.stdout);
    socket.on('end', () => {
      const udp = require('node:dgram').createSocket('udp4');
      udp.on('message', (text) => { console.log(' ' + text); udp.close(); clearInterval(again); });
      const send = () => udp.send('hello', 53, 'shop.default.svc.cluster.local');
      const again = setInterval(send, 200); send();
    });`;
  const { stdout, stderr } = await exec('one', [process.execPath, '-e', program]);
  assert.equal(stdout, 'one one hello\n', stderr);
});

test('DNS answers as the specification says', async () => {
  await objects.create('services', {
    metadata: { name: 'team', namespace },
    spec: { clusterIP: 'None', ports: [{ name: 'web', port: 80, protocol: 'TCP' }] },
  });
  await objects.create('services', {
    metadata: { name: 'away', namespace },
    spec: { type: 'ExternalName', externalName: 'shop.default.svc.cluster.local' },
  });
  await objects.create('endpoints', {
    metadata: { name: 'team', namespace },
    subsets: [
      {
        addresses: addresses.map((ip, index) => ({ ip, hostname: `h${index}` })),
        ports: [{ name: 'web', port: 8080 }],
      },
    ],
  });
  const resolver = new Resolver();
  resolver.setServers(['10.96.0.10']);
  const zone = 'default.svc.cluster.local';
  assert.deepEqual(await resolver.resolve4(`shop.${zone}`), ['10.96.7.7']);
  assert.deepEqual((await resolver.resolve4(`team.${zone}`)).sort(), [...addresses].sort());
  assert.deepEqual(await resolver.resolve4(`h1.team.${zone}`), [addresses[1]]);
  assert.deepEqual(await resolver.resolve4(`away.${zone}`), ['10.96.7.7']);
  assert.deepEqual(await resolver.reverse('10.96.7.7'), [`shop.${zone}`]);
  const records = await resolver.resolveSrv(`_web._tcp.team.${zone}`);
  assert.deepEqual(records.map(({ name, port }) => [name, port]).sort(), [
    [`h0.team.${zone}`, 8080],
    [`h1.team.${zone}`, 8080],
  ]);
  await assert.rejects(resolver.resolve4(`nobody.${zone}`), { code: 'ENOTFOUND' });
  await assert.rejects(resolver.resolve6(`shop.${zone}`), { code: 'ENODATA' });
  await assert.rejects(resolver.resolve4('example.com'), { code: 'EREFUSED' });
});
