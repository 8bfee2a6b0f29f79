import type { Logger } from './logger.ts';

/**
 * Lets `work` run without anybody waiting for it. A failure is logged under `name`; an abort is silent.
 */
export function runInBackground(name: string, work: Promise<unknown>, logger: Logger): void {
  work.catch((error: unknown) => {
    if (isAbortError(error)) return;
    logger.error(`${name} failed`, { error: describeError(error) });
  });
}

/** Tells whether `error` is what an aborted AbortSignal gives when nobody named a reason. */
export function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Turns anything thrown into one line of text. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
