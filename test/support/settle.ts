/** Drives work that waits on a {@link FakeClock}. */
import type { FakeClock } from './fake-clock.ts';

/** No operation under test waits longer, in seconds of the fake clock. */
const LONGEST_SECONDS = 600;

/** Lets time pass, second by second, until `work` is over, and returns or throws what it does. */
export async function settled<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  const state = { isOver: false };
  const finished = work.finally(() => {
    state.isOver = true;
  });
  // Awaited below; until then a failure is not unhandled.
  finished.catch(() => undefined);
  for (let second = 0; second < LONGEST_SECONDS && !state.isOver; second += 1) await clock.advance(1000);
  if (!state.isOver) throw new Error(`not over after ${LONGEST_SECONDS} s`);
  return finished;
}
