import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration } from '../../../../cli/arguments/duration.ts';

for (const [value, seconds] of [
  ['1s', 1],
  ['90s', 90],
  ['5m', 300],
  ['1m30s', 90],
  ['1h', 3600],
] as const)
  test(`parseDuration() reads ${value}`, () => {
    assert.equal(parseDuration(value), seconds);
  });

for (const value of ['', '0s', '90', '1h1s', '2h', '5 m', '30s5m', '-5s', '1.5m', '5M'])
  test(`parseDuration() refuses "${value}"`, () => {
    assert.throws(() => parseDuration(value), { code: 'USAGE_INVALID_OPTION' });
  });
