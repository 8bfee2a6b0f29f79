import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Right } from '../../../src/kube/kube-client.ts';
import { paths } from '../../../src/kube/paths.ts';
import { findMissingRights, parallelReviews } from '../../../src/kube/rights.ts';

const { signal } = new AbortController();

interface Review {
  spec: { resourceAttributes: { verb: string; resource: string; subresource?: string; name?: string } };
}

function aRight(verb: string, resource = 'pods'): Right {
  return { verb, group: '', resource, namespace: 'demo' };
}

test('reports what the user lacks, in order', async () => {
  const asked: object[] = [];
  const client = {
    create<T>(path: string, body: object): Promise<T> {
      assert.equal(path, paths.selfSubjectAccessReviews());
      const { resourceAttributes } = (body as Review).spec;
      asked.push(resourceAttributes);
      return Promise.resolve({ status: { allowed: resourceAttributes.verb === 'get' } } as T);
    },
  };
  const rights = [aRight('patch'), aRight('get', 'pods/portforward'), { ...aRight('delete'), name: 'a' }];
  assert.deepEqual(await findMissingRights(client, rights, { signal }), [rights[0], rights[2]]);
  assert.deepEqual(asked[1], {
    verb: 'get',
    group: '',
    resource: 'pods',
    subresource: 'portforward',
    namespace: 'demo',
    name: undefined,
  });
});

test('asks for a bounded number at once', async () => {
  let inFlight = 0;
  let highest = 0;
  const client = {
    async create<T>(): Promise<T> {
      inFlight += 1;
      highest = Math.max(highest, inFlight);
      await new Promise((resolve) => setImmediate(resolve));
      inFlight -= 1;
      return { status: { allowed: true } } as T;
    },
  };
  const rights = Array.from({ length: 50 }, () => aRight('get'));
  assert.deepEqual(await findMissingRights(client, rights, { signal }), []);
  assert.equal(highest, parallelReviews);
});

test('a failure ends it', async () => {
  const client = { create: (): Promise<never> => Promise.reject(new Error('down')) };
  await assert.rejects(findMissingRights(client, [aRight('get'), aRight('list')], { signal }), /down/);
});
