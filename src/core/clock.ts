/**
 * The only file that touches timers and the time of day, so that everything above it can be driven by a test clock
 * (`test/support/fake-clock.ts`).
 */
export interface Clock {
  /** Milliseconds of a clock that never goes back; its origin means nothing. */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch. */
  epochMs(): number;
  /** Calls `action` once after `delayMs`. The timer does not keep the process alive. */
  after(delayMs: number, action: () => void): Timer;
  /** Resolves after `delayMs`; rejects with `signal.reason` as soon as `signal` aborts. */
  sleep(delayMs: number, options: { signal: AbortSignal }): Promise<void>;
}

export interface Timer {
  /** Idempotent. */
  cancel(): void;
}

export const systemClock: Clock = {
  monotonicMs: (): number => performance.now(),
  epochMs: (): number => Date.now(),
  after(delayMs: number, action: () => void): Timer {
    const timer = setTimeout(action, delayMs);
    timer.unref();
    return {
      cancel: (): void => {
        clearTimeout(timer);
      },
    };
  },
  sleep(delayMs: number, { signal }: { signal: AbortSignal }): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(toError(signal.reason));
        return;
      }
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(toError(signal.reason));
      };
      // Referenced on purpose: somebody awaits it.
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      }, delayMs);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  },
};

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
