import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect, parseAddress, parseLineCount } from '../../../../cli/arguments/simple.ts';

test('parseAddress() takes IP addresses and no names', () => {
  assert.equal(parseAddress('192.168.1.20'), '192.168.1.20');
  assert.equal(parseAddress('::1'), '::1');
  for (const value of ['localhost', '1.2.3', '[::1]', ''])
    assert.throws(() => parseAddress(value), { code: 'USAGE_INVALID_OPTION' });
});

test('parseLineCount() takes numbers between 1 and 100000', () => {
  assert.equal(parseLineCount('1'), 1);
  assert.equal(parseLineCount('100000'), 100_000);
  for (const value of ['0', '100001', '-1', 'all', '1e3', ''])
    assert.throws(() => parseLineCount(value), { code: 'USAGE_INVALID_OPTION' });
});

test('collect() keeps what each use of an option gave', () => {
  const option = collect(Number);
  assert.deepEqual(option('2', option('1')), [1, 2]);
});
