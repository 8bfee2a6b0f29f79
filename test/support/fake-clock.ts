/**
 * A {@link Clock} that stands still until a test moves it, so that heartbeats, deadlines and retries are tested without
 * waiting. Both of its clocks move together; the monotonic one starts at 0.
 */
import type { Clock, Timer } from '../../src/core/index.ts';

export interface FakeClock extends Clock {
  /**
   * Moves time forward by `ms`. Timers that fall due run in order of their due time (equal ones in the order they were
   * set), each seeing its own due time as now. After each of them, and at the end, everything that is already on its
   * way (promise callbacks, ticks, one round of I/O) runs, so that what it sets up in turn is seen.
   */
  advance(ms: number): Promise<void>;
  /** Timers and sleeps that have neither run nor been cancelled: zero after a clean shutdown. */
  readonly pendingTimers: number;
}

interface PendingTimer extends Timer {
  readonly dueMs: number;
  readonly action: () => void;
}

/** 2026-01-01T00:00:00Z: any fixed day would do. */
const defaultEpochMs = Date.UTC(2026, 0, 1);

export function createFakeClock({ epochMs = defaultEpochMs }: { epochMs?: number } = {}): FakeClock {
  let nowMs = 0;
  const timers = new Set<PendingTimer>();

  function after(delayMs: number, action: () => void): Timer {
    const timer: PendingTimer = {
      dueMs: nowMs + Math.max(0, delayMs),
      action,
      cancel: (): void => {
        timers.delete(timer);
      },
    };
    timers.add(timer);
    return timer;
  }

  function sleep(delayMs: number, { signal }: { signal: AbortSignal }): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        timer.cancel();
        reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
      };
      const timer = after(delayMs, () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** The timer that is due first, no later than `limitMs`. A Set keeps insertion order, so the first of equals wins. */
  function findNext(limitMs: number): PendingTimer | undefined {
    let next: PendingTimer | undefined;
    for (const timer of timers) {
      if (timer.dueMs <= limitMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }

  async function advance(ms: number): Promise<void> {
    const endMs = nowMs + ms;
    await settle();
    for (let timer = findNext(endMs); timer !== undefined; timer = findNext(endMs)) {
      nowMs = timer.dueMs;
      timers.delete(timer);
      timer.action();
      await settle();
    }
    nowMs = endMs;
  }

  return {
    monotonicMs: (): number => nowMs,
    epochMs: (): number => epochMs + nowMs,
    after,
    sleep,
    advance,
    get pendingTimers(): number {
      return timers.size;
    },
  };
}

/** Lets ticks, promise callbacks and one round of I/O run. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
