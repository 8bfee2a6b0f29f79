/** What every step of a long operation on the cluster needs. */
import type { Progress } from '../contract/index.ts';
import type { Clock, Logger } from '../core/index.ts';
import { createError } from '../errors/index.ts';
import type { KubeClient } from '../kube/index.ts';
import { deriveSignal } from './derived-signal.ts';
import type { Deadline } from './deadline.ts';

export interface OperationContext {
  kube: KubeClient;
  clock: Clock;
  logger: Logger;
  deadline: Deadline;
  /** Ends the operation; what was changed is undone as far as it can be. */
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/** Undoing must not hang when the API server is gone; a few requests take far less. */
export const UNDO_TIMEOUT_MS = 30_000;

/**
 * Runs `work` with a signal of its own, which aborts after `timeoutMs`: for steps that must not stop half-way because
 * the operation around them was ended.
 */
export async function withOwnSignal<T>(
  clock: Clock,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const seconds = timeoutMs / 1000;
  const timer = clock.after(timeoutMs, () =>
    controller.abort(createError('NET_TIMEOUT', { target: 'the cluster', seconds })),
  );
  try {
    return await work(deriveSignal(controller.signal));
  } finally {
    timer.cancel();
  }
}
