/** Work with a time limit, besides the caller's own signal. */
import { addAbortListener } from 'node:events';
import type { Clock } from '../core/index.ts';

export interface DeadlineOptions {
  clock: Clock;
  timeoutMs: number;
  /** The caller's. */
  signal: AbortSignal;
  /** Makes the error that says that the time is over. */
  expired: () => Error;
}

/**
 * Runs `work` with a signal that aborts when the caller's does, or when the time is over. Whatever `work` then throws
 * becomes that signal's reason. Nothing stays registered afterwards, unlike with `AbortSignal.any`, which Node 20 keeps
 * as long as its sources.
 */
export async function withDeadline<T>(
  { clock, timeoutMs, signal, expired }: DeadlineOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const timer = clock.after(timeoutMs, () => controller.abort(expired()));
  const listener = addAbortListener(signal, () => controller.abort(signal.reason));
  try {
    return await work(controller.signal);
  } catch (error) {
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    timer.cancel();
    listener[Symbol.dispose]();
  }
}
