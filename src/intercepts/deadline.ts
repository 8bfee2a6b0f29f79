/** The time that a long operation may take, over all its steps. */
import type { Clock } from '../core/index.ts';

export interface Deadline {
  readonly timeoutMs: number;
  isOver(): boolean;
  /** Since the operation began, in whole seconds. */
  elapsedSeconds(): number;
}

export function createDeadline(clock: Clock, timeoutMs: number): Deadline {
  const startedMs = clock.monotonicMs();
  return {
    timeoutMs,
    isOver: () => clock.monotonicMs() - startedMs >= timeoutMs,
    elapsedSeconds: () => Math.floor((clock.monotonicMs() - startedMs) / 1000),
  };
}
