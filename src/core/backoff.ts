export interface BackoffOptions {
  /** Wait before the first retry, in milliseconds. */
  initialMs: number;
  /** No wait is longer than this, in milliseconds. */
  maximumMs: number;
  /** Returns a number in [0, 1); injected so that tests are deterministic. */
  random?: () => number;
}

/** Counts failures and says how long to wait before the next try. */
export interface Backoff {
  /** The next wait in milliseconds: doubled each time, with the upper half of it random ("equal jitter"). */
  nextMs(): number;
  /** Starts again from the initial wait; call it after a success. */
  reset(): void;
}

export function createBackoff({ initialMs, maximumMs, random = Math.random }: BackoffOptions): Backoff {
  let ceilingMs = initialMs;
  return {
    nextMs(): number {
      const waitMs = ceilingMs / 2 + (random() * ceilingMs) / 2;
      ceilingMs = Math.min(ceilingMs * 2, maximumMs);
      return waitMs;
    },
    reset(): void {
      ceilingMs = initialMs;
    },
  };
}
