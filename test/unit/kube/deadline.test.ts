import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { withDeadline } from '../../../src/kube/deadline.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const late = new Error('too late');
const expired = (): Error => late;

/** Ends only when its signal aborts, with an error of its own. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted within')));
  });
}

test('gives what the work gives, and leaves nothing behind', async () => {
  const clock = createFakeClock();
  const { signal } = new AbortController();
  const options = { clock, timeoutMs: 1_000, signal, expired };
  assert.equal(await withDeadline(options, () => Promise.resolve(1)), 1);
  await assert.rejects(
    withDeadline(options, () => Promise.reject(new Error('broken'))),
    /broken/,
  );
  assert.equal(clock.pendingTimers, 0);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('ends the work when the time is over', async () => {
  const clock = createFakeClock();
  const { signal } = new AbortController();
  const work = assert.rejects(withDeadline({ clock, timeoutMs: 1_000, signal, expired }, untilAborted), late);
  await clock.advance(1_000);
  await work;
});

test("ends the work when the caller's signal aborts, before or during it", async () => {
  const clock = createFakeClock();
  const controller = new AbortController();
  const options = { clock, timeoutMs: 1_000, signal: controller.signal, expired };
  const reason = new Error('the user went away');
  const work = assert.rejects(withDeadline(options, untilAborted), reason);
  controller.abort(reason);
  await work;
  await assert.rejects(
    withDeadline(options, () => assert.fail('it was started')),
    reason,
  );
  assert.equal(clock.pendingTimers, 0);
});
