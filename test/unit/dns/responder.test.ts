import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nullLogger } from '../../../src/core/index.ts';
import { createDnsResponder, type DnsClient } from '../../../src/dns/index.ts';
import { makeQuery } from '../../support/dns-query.ts';

const how = { transport: 'datagram', signal: new AbortController().signal } as const;
const answering = (text: string): DnsClient => ({ ask: () => Promise.resolve(Buffer.from(text)) });
const responder = createDnsResponder({
  zone: 'cluster.local',
  cluster: answering('cluster'),
  local: answering('local'),
  logger: nullLogger,
});

for (const [name, answered] of [
  ['web.shop.svc.cluster.local', 'cluster'],
  ['Cluster.LOCAL', 'cluster'],
  ['9.0.96.10.in-addr.arpa', 'cluster'],
  ['1.2.16.172.in-addr.arpa', 'cluster'],
  ['1.2.64.100.in-addr.arpa', 'cluster'],
  ['1.0.0.d.f.ip6.arpa', 'cluster'],
  ['1.2.32.172.in-addr.arpa', 'local'],
  ['8.8.8.8.in-addr.arpa', 'local'],
  ['example.com', 'local'],
  ['notcluster.local', 'local'],
  ['', 'local'],
] as const)
  test(`the question for "${name}" goes to the ${answered} servers`, async () => {
    assert.equal(String(await responder.respond(makeQuery(name, 1), how)), answered);
  });

for (const name of ['wpad', 'wpad.corp.example', 'wpad.shop.svc.cluster.local', 'web', 'web.shop.svc'])
  test(`"${name}" does not exist, and nobody is asked`, async () => {
    const answer = await responder.respond(makeQuery(name, 1), how);
    assert.equal((answer?.[3] ?? 0) & 15, 3);
  });

test('no answer is "server failure"', async () => {
  const failing: DnsClient = { ask: () => Promise.reject(new Error('down')) };
  const broken = createDnsResponder({
    zone: 'cluster.local',
    cluster: failing,
    local: failing,
    logger: nullLogger,
  });
  assert.equal(((await broken.respond(makeQuery('example.com', 1), how))?.[3] ?? 0) & 15, 2);
});

test('what is no query is a format error, and what is no message gets no answer', async () => {
  assert.equal(((await responder.respond(Buffer.alloc(12), how))?.[3] ?? 0) & 15, 1);
  assert.equal(await responder.respond(Buffer.alloc(11), how), undefined);
});
