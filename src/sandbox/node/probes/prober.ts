/** Repeats a probe's check and tells when its outcome changes. */
import type { Clock } from '../../../core/index.ts';
import type { V1Probe } from '../../../kube/index.ts';
import type { CheckResult } from './check.ts';

export interface ProberOptions {
  probe: V1Probe;
  clock: Clock;
  /** One check; must not reject, and ends when its signal aborts. */
  check: (signal: AbortSignal) => Promise<CheckResult>;
  /** Each failure that counts. */
  onFailure: (message: string) => void;
  /** So many results in a row as the probe's thresholds say. Called once for each change of the outcome. */
  onOutcome: (isSuccess: boolean) => void;
  signal: AbortSignal;
}

/** Wait before the first check is repeated, doubled each time; see {@link runProber}. */
const WARM_UP_MS = 50;

/**
 * Runs until the signal aborts; resolves then.
 *
 * A container that has just started mostly fails its first check, and would be found ready a whole period later. So until
 * the first period is over the check is repeated sooner, and only the last of these results counts.
 */
export async function runProber(options: ProberOptions): Promise<void> {
  const { probe, clock, check, onFailure, onOutcome, signal } = options;
  const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1 } = probe;
  const { successThreshold = 1, failureThreshold = 3 } = probe;
  let outcome: boolean | undefined;
  let latest: boolean | undefined;
  let inARow = 0;
  const take = ({ isSuccess, message }: CheckResult): void => {
    if (signal.aborted) return;
    inARow = latest === isSuccess ? inARow + 1 : 1;
    latest = isSuccess;
    if (!isSuccess) onFailure(message);
    if (outcome === isSuccess || inARow < (isSuccess ? successThreshold : failureThreshold)) return;
    outcome = isSuccess;
    onOutcome(isSuccess);
  };
  const checkInTime = (): Promise<CheckResult> =>
    withTimeout(check, { timeoutMs: timeoutSeconds * 1000, clock, signal });
  try {
    if (initialDelaySeconds > 0) await clock.sleep(initialDelaySeconds * 1000, { signal });
    const warmUntilMs = clock.monotonicMs() + periodSeconds * 1000;
    let result = await checkInTime();
    for (
      let waitMs = WARM_UP_MS;
      !result.isSuccess && clock.monotonicMs() + waitMs < warmUntilMs;
      waitMs *= 2
    ) {
      await clock.sleep(waitMs, { signal });
      result = await checkInTime();
    }
    for (;;) {
      take(result);
      await clock.sleep(periodSeconds * 1000, { signal });
      result = await checkInTime();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Gives `work` a signal that aborts after so long, or with `signal`. */
export async function withTimeout<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { timeoutMs, clock, signal }: { timeoutMs: number; clock: Clock; signal: AbortSignal },
): Promise<T> {
  const controller = new AbortController();
  const timer = clock.after(timeoutMs, () => controller.abort());
  const onAbort = (): void => controller.abort();
  if (signal.aborted) controller.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
  }
}
