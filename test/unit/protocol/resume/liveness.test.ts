import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Liveness, defaultResumeLimits } from '../../../../src/protocol/resume/index.ts';

test('a carrier is alive, suspect, and after 15 s of silence lost', () => {
  const liveness = new Liveness(defaultResumeLimits, 0);
  assert.deepEqual([liveness.dueMs, liveness.expire(5_000)], [5_000, 'alive']);
  assert.equal(liveness.expire(10_000), 'suspect');
  assert.deepEqual([liveness.dueMs, liveness.expire(15_000)], [15_000, 'lost']);
});

test('anything that arrives starts the silence anew', () => {
  const liveness = new Liveness(defaultResumeLimits, 0);
  liveness.expire(5_000);
  liveness.received(9_000);
  assert.equal(liveness.expire(10_000), 'alive');
  assert.equal(liveness.expire(15_000), 'alive');
  assert.equal(liveness.expire(20_000), 'suspect');
  assert.equal(liveness.dueMs, 24_000);
});

test('after a standstill of its own the carrier is suspect at once, and gets one interval to be heard', () => {
  const liveness = new Liveness(defaultResumeLimits, 0);
  assert.equal(liveness.expire(3_600_000), 'suspect');
  assert.equal(liveness.dueMs, 3_605_000);
  assert.equal(liveness.expire(3_605_000), 'lost');
});
