/**
 * Runs a local process for as long as the daemon holds something for it: an intercept, or a connection. Whatever happens
 * to the daemon, the process goes on.
 */
import type { OperationName } from '../../src/contract/index.ts';
import { createBackoff, type Clock } from '../../src/core/index.ts';
import { toToolError, type ToolError } from '../../src/errors/index.ts';
import type { Answer } from '../client/request.ts';

/**
 * The agents keep the claim of a vanished daemon for the resume window of 120 s; a rollout may come on top. Who has not
 * got the intercept back by then will not.
 */
export const RESTORE_LIMIT_MS = 240_000;
const RESTORE_BACKOFF = { initialMs: 500, maximumMs: 10_000 } as const;

export interface HeldCommandOptions<N extends OperationName> {
  /** What is held, for people: `The intercept of web`. */
  what: string;
  /** The answer that holds it. */
  first: Answer<N>;
  /** Asks for the same again. */
  renew: (signal: AbortSignal) => Promise<Answer<N>>;
  /** What was asked for again is there. */
  onRenewed: (answer: Answer<N>) => void;
  /** Starts the local process and resolves with its exit code. */
  run: () => Promise<number>;
  /**
   * Asks for the end of what is held, so that it is over when this resolves. Closing the answer, which comes afterwards,
   * would do as well, but nobody would know when.
   */
  release?: (() => Promise<void>) | undefined;
  note: (note: { message: string; remedy?: string | undefined }) => void;
  clock: Clock;
}

/** What the local process has come to. */
interface Phases {
  /** Aborts when it has ended: nothing is told or asked for again. */
  exited: AbortSignal;
  /** Aborts when the answer is to be closed. */
  released: AbortSignal;
}

/**
 * @returns the exit code of the local process
 * @throws what `run` throws; what is held is released in any case
 */
export async function runHeldCommand<N extends OperationName>(
  options: HeldCommandOptions<N>,
): Promise<number> {
  const exited = new AbortController();
  const released = new AbortController();
  const keeping = keep(options, { exited: exited.signal, released: released.signal });
  try {
    return await options.run();
  } finally {
    exited.abort();
    await options.release?.();
    released.abort();
    await keeping;
  }
}

/** Watches over what is held until the process has ended, or until it is over for good. */
async function keep<N extends OperationName>(options: HeldCommandOptions<N>, phases: Phases): Promise<void> {
  let held: Answer<N> | undefined = options.first;
  while (held !== undefined) {
    const end: End = await waitForEnd(held, phases);
    if (end.kind === 'released') return;
    held = await recover(end, options, phases.exited);
    if (held !== undefined) options.onRenewed(held);
  }
}

/** How an answer came to its end. */
type End =
  /** The process has ended, and nobody needs it any more. */
  | { kind: 'released' }
  /** The daemon ended it, because somebody asked it to. */
  | { kind: 'left' }
  /** The daemon gave up, or is no more. */
  | { kind: 'failed'; error: ToolError };

async function waitForEnd<N extends OperationName>(
  answer: Answer<N>,
  { exited, released }: Phases,
): Promise<End> {
  const close = (): void => answer.close();
  if (released.aborted) close();
  else released.addEventListener('abort', close);
  try {
    await answer.ended;
    return { kind: exited.aborted ? 'released' : 'left' };
  } catch (error) {
    return exited.aborted ? { kind: 'released' } : { kind: 'failed', error: toToolError(error) };
  } finally {
    released.removeEventListener('abort', close);
  }
}

/** Tells the user what has ended, and gets back what can be got back. */
async function recover<N extends OperationName>(
  end: Exclude<End, { kind: 'released' }>,
  options: HeldCommandOptions<N>,
  signal: AbortSignal,
): Promise<Answer<N> | undefined> {
  const { what, note } = options;
  if (end.kind === 'left') {
    note({ message: `${what} was ended by tp leave or tp quit. The local process goes on without it` });
    return undefined;
  }
  const { code, message, remedy } = end.error;
  if (code !== 'DAEMON_UNREACHABLE') {
    note({ message: `${what} has ended: ${message}. The local process goes on without it`, remedy });
    return undefined;
  }
  note({
    message: `${what} is interrupted: the daemon is gone. The local process goes on`,
    remedy: 'Trying to get it back',
  });
  return restore(options, signal);
}

/** Asks again until it works, the process has ended, or there is no hope. */
async function restore<N extends OperationName>(
  { what, renew, note, clock }: HeldCommandOptions<N>,
  signal: AbortSignal,
): Promise<Answer<N> | undefined> {
  const deadlineMs = clock.monotonicMs() + RESTORE_LIMIT_MS;
  const backoff = createBackoff(RESTORE_BACKOFF);
  for (;;) {
    try {
      await clock.sleep(backoff.nextMs(), { signal });
      return await renew(signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      const { category, message } = toToolError(error);
      const isHopeless = category === 'usage' || category === 'config';
      if (!isHopeless && clock.monotonicMs() < deadlineMs) continue;
      note({
        message: `${what} did not come back: ${message}. The local process goes on without it`,
        remedy: 'End the local process and run the command again',
      });
      return undefined;
    }
  }
}
