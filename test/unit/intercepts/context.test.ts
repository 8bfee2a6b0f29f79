import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withOwnSignal } from '../../../src/intercepts/context.ts';
import { raises } from '../../support/assert-raises.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

test('work with a signal of its own ends at its own time', async () => {
  const clock = createFakeClock();
  const work = withOwnSignal(clock, 5000, (signal) => clock.sleep(60_000, { signal }));
  const failed = assert.rejects(work, raises('NET_TIMEOUT', /within 5 s/));
  await clock.advance(5000);
  await failed;
  assert.equal(clock.pendingTimers, 0);
});

test('what is done in time leaves no timer', async () => {
  const clock = createFakeClock();
  assert.equal(await withOwnSignal(clock, 5000, () => Promise.resolve('done')), 'done');
  assert.equal(clock.pendingTimers, 0);
});
