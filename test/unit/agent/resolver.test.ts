import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createResolver, parseResolvConf } from '../../../agent/resolver.ts';

const config = {
  search: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'corp.example'],
  servers: ['10.96.0.10'],
};

/** A resolver that knows `names` and records what it was asked. */
function resolverFor(names: Record<string, string[]>): {
  asked: string[];
  resolve: (name: string) => Promise<string[]>;
} {
  const asked: string[] = [];
  return {
    asked,
    resolve: (name) => {
      asked.push(name);
      const addresses = names[name];
      return addresses === undefined
        ? Promise.reject(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }))
        : Promise.resolve(addresses);
    },
  };
}

test('parseResolvConf() reads servers and the last search line', () => {
  const text =
    '# comment\nnameserver 10.96.0.10\nsearch a b\nsearch shop.svc.cluster.local svc.cluster.local\noptions ndots:5\n';
  assert.deepEqual(parseResolvConf(text), {
    servers: ['10.96.0.10'],
    search: ['shop.svc.cluster.local', 'svc.cluster.local'],
  });
});

test('lookup() in the cluster tries the search path of the cluster only', async () => {
  const dns = resolverFor({ 'web.shop.svc.cluster.local.': ['10.0.0.1'] });
  const { lookup } = createResolver(config, dns.resolve);
  assert.deepEqual(await lookup('web.shop', 'cluster'), ['10.0.0.1']);
  assert.deepEqual(dns.asked, ['web.shop.shop.svc.cluster.local.', 'web.shop.svc.cluster.local.']);
});

test('lookup() in the cluster never asks for a public name as such', async () => {
  const dns = resolverFor({ 'example.org.': ['192.0.2.1'], 'example.org.corp.example.': ['192.0.2.2'] });
  assert.deepEqual(await createResolver(config, dns.resolve).lookup('example.org', 'cluster'), []);
});

test('lookup() of a name in the zone asks for it alone', async () => {
  const dns = resolverFor({ 'web.shop.svc.cluster.local.': ['10.0.0.1'] });
  assert.deepEqual(
    await createResolver(config, dns.resolve).lookup('web.shop.svc.cluster.local.', 'cluster'),
    ['10.0.0.1'],
  );
  assert.equal(dns.asked.length, 1);
});

test('lookup() outside a cluster zone finds nothing with the scope cluster', async () => {
  const dns = resolverFor({ 'web.': ['192.0.2.1'] });
  assert.deepEqual(
    await createResolver({ search: [], servers: [] }, dns.resolve).lookup('web', 'cluster'),
    [],
  );
});

test('lookup() fails when the resolver fails: that is not an answer', async () => {
  const failing = (): Promise<string[]> =>
    Promise.reject(Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' }));
  await assert.rejects(createResolver(config, failing).lookup('web', 'any'), { code: 'NET_UNREACHABLE' });
});
