import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAXIMUM_NAMES, createDestinationPolicy } from '../../../src/daemon/destinations.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';

const signal = new AbortController().signal;

function policyWith(
  clusterNames: string[],
  clock = createFakeClock(),
): {
  sideOf: (host: string) => Promise<string>;
  asked: string[];
  clock: FakeClock;
} {
  const asked: string[] = [];
  const policy = createDestinationPolicy({
    lookupInCluster: (name) => {
      asked.push(name);
      return Promise.resolve(clusterNames.includes(name) ? ['10.0.0.1'] : []);
    },
    networkInterfaces: () => ({
      eth0: [
        {
          address: '192.168.7.20',
          netmask: '',
          family: 'IPv4',
          mac: '',
          internal: false,
          cidr: '192.168.7.20/24',
        },
      ],
    }),
    clock,
  });
  return { sideOf: (host) => policy.sideOf(host, { signal }), asked, clock };
}

for (const [host, side] of [
  ['web', 'cluster'],
  ['web.shop.svc', 'cluster'],
  ['web.shop.svc.cluster.local', 'cluster'],
  ['WEB.shop.svc.cluster.local.', 'cluster'],
  ['localhost', 'local'],
  ['app.localhost', 'local'],
  ['127.0.0.1', 'local'],
  ['::1', 'local'],
  ['169.254.169.254', 'local'],
  ['10.96.0.10', 'cluster'],
  ['fd00::1', 'cluster'],
  ['192.168.7.1', 'local'],
  ['192.168.8.1', 'cluster'],
  ['93.184.216.34', 'local'],
  ['a.b.c.d.e.example.org', 'local'],
] as const)
  test(`${host} is on the side ${side}, without a question to the cluster`, async () => {
    const { sideOf, asked } = policyWith([]);
    assert.equal(await sideOf(host), side);
    assert.deepEqual(asked, []);
  });

test('a name with a dot is asked for once, and remembered for its time', async () => {
  const { sideOf, asked, clock } = policyWith(['web.shop']);
  assert.equal(await sideOf('web.shop'), 'cluster');
  assert.equal(await sideOf('api.example.org'), 'local');
  assert.equal(await sideOf('web.shop'), 'cluster');
  assert.deepEqual(asked, ['web.shop', 'api.example.org']);
  await clock.advance(30_001);
  await sideOf('web.shop');
  assert.equal(asked.length, 3);
});

test('the memory of names is bounded', async () => {
  const { sideOf, asked } = policyWith([]);
  for (let i = 0; i <= MAXIMUM_NAMES; i += 1) await sideOf(`n${i}.example.org`);
  await sideOf('n0.example.org');
  assert.equal(asked.at(-1), 'n0.example.org', 'the oldest was forgotten');
  assert.equal(asked.length, MAXIMUM_NAMES + 2);
});
