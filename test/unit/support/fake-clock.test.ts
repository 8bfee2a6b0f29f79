import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../support/fake-clock.ts';

test('time stands still until it is advanced', async () => {
  const clock = createFakeClock({ epochMs: 1_000 });
  assert.equal(clock.monotonicMs(), 0);
  await clock.advance(25);
  assert.equal(clock.monotonicMs(), 25);
  assert.equal(clock.epochMs(), 1_025);
});

test('timers run in order of their due time and see it as now', async () => {
  const clock = createFakeClock();
  const seen: string[] = [];
  clock.after(20, () => seen.push(`b at ${clock.monotonicMs()}`));
  clock.after(10, () => seen.push(`a at ${clock.monotonicMs()}`));
  clock.after(20, () => seen.push(`c at ${clock.monotonicMs()}`));
  clock.after(31, () => seen.push('too late'));
  await clock.advance(30);
  assert.deepEqual(seen, ['a at 10', 'b at 20', 'c at 20']);
  assert.equal(clock.pendingTimers, 1);
});

test('a timer that is set by a timer runs in the same advance', async () => {
  const clock = createFakeClock();
  const seen: number[] = [];
  const tick = (): void => {
    seen.push(clock.monotonicMs());
    clock.after(10, tick);
  };
  clock.after(10, tick);
  await clock.advance(35);
  assert.deepEqual(seen, [10, 20, 30]);
});

test('a timer that is set by a promise callback of a timer runs in the same advance', async () => {
  const clock = createFakeClock();
  const { signal } = new AbortController();
  const seen: number[] = [];
  const twice = async (): Promise<void> => {
    await clock.sleep(10, { signal });
    await clock.sleep(10, { signal });
    seen.push(clock.monotonicMs());
  };
  const done = twice();
  await clock.advance(20);
  await done;
  assert.deepEqual(seen, [20]);
});

test('a cancelled timer does not run', async () => {
  const clock = createFakeClock();
  const timer = clock.after(10, () => assert.fail('cancelled'));
  timer.cancel();
  timer.cancel();
  await clock.advance(10);
  assert.equal(clock.pendingTimers, 0);
});

test('sleep() rejects with the reason of its signal and leaves no timer', async () => {
  const clock = createFakeClock();
  const controller = new AbortController();
  const reason = new Error('enough');
  const sleeping = clock.sleep(10, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(sleeping, reason);
  await assert.rejects(clock.sleep(10, { signal: controller.signal }), reason);
  assert.equal(clock.pendingTimers, 0);
});
