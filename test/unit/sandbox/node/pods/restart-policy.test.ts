import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCrashBackoff, shouldRestart } from '../../../../../src/sandbox/node/pods/restart-policy.ts';

test('the first restart is at once, then 10 s, doubled up to 5 minutes; a long run begins anew', () => {
  const backoff = createCrashBackoff();
  const waits = Array.from({ length: 8 }, () => backoff.afterRun(1) / 1000);
  assert.deepEqual(waits, [0, 10, 20, 40, 80, 160, 300, 300]);
  assert.equal(backoff.afterRun(600_000), 0);
});

test('who starts again', () => {
  assert.equal(shouldRestart('app', 'Always', 0), true);
  assert.equal(shouldRestart('app', 'OnFailure', 0), false);
  assert.equal(shouldRestart('app', 'Never', 1), false);
  assert.equal(shouldRestart('init', 'Always', 0), false);
  assert.equal(shouldRestart('init', 'Always', 1), true);
  assert.equal(shouldRestart('sidecar', 'Never', 0), true);
  assert.equal(shouldRestart('ephemeral', 'Always', 1), false);
});
