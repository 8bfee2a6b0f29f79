import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDeadline } from '../../../src/intercepts/deadline.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

test('a deadline is over when its time has passed, and counts whole seconds', async () => {
  const clock = createFakeClock();
  const deadline = createDeadline(clock, 2500);
  await clock.advance(2499);
  assert.equal(deadline.isOver(), false);
  assert.equal(deadline.elapsedSeconds(), 2);
  await clock.advance(1);
  assert.equal(deadline.isOver(), true);
});

test('a deadline of nothing is over at once', () => {
  assert.equal(createDeadline(createFakeClock(), 0).isOver(), true);
});
