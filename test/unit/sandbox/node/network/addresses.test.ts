import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createAddressPool,
  indexOf,
  loopbackSource,
} from '../../../../../src/sandbox/node/network/addresses.ts';

test('an address that was released is not the next one', () => {
  const pool = createAddressPool();
  const first = pool.take();
  assert.equal(first, '10.244.0.2');
  pool.release(first);
  assert.equal(pool.take(), '10.244.0.3');
});

test('each pod has an index and a source for its loopback of its own', () => {
  assert.equal(indexOf('10.244.1.2'), 258);
  assert.equal(loopbackSource('10.244.1.2'), '10.245.1.2');
});
