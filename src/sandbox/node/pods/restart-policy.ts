/** Whether a container starts again, and when. Pure. */
import { CRASH_BACKOFF_INITIAL_MS, CRASH_BACKOFF_MAXIMUM_MS, CRASH_BACKOFF_RESET_MS } from '../limits.ts';

/** `sidecar`: an init container that goes on running, with `restartPolicy: Always`. */
export type ContainerKind = 'init' | 'sidecar' | 'app' | 'ephemeral';

export function shouldRestart(kind: ContainerKind, podPolicy: string, exitCode: number): boolean {
  switch (kind) {
    case 'sidecar':
      return true;
    case 'ephemeral':
      return false;
    case 'init':
      return exitCode !== 0 && podPolicy !== 'Never';
    case 'app':
      return podPolicy === 'Always' || (podPolicy === 'OnFailure' && exitCode !== 0);
  }
}

export interface CrashBackoff {
  /** How long to wait, in milliseconds, after a run that took so long; 0 at first. */
  afterRun(ranMs: number): number;
}

export function createCrashBackoff(): CrashBackoff {
  let nextMs = 0;
  return {
    afterRun(ranMs): number {
      if (ranMs >= CRASH_BACKOFF_RESET_MS) nextMs = 0;
      const waitMs = nextMs;
      nextMs = nextMs === 0 ? CRASH_BACKOFF_INITIAL_MS : Math.min(nextMs * 2, CRASH_BACKOFF_MAXIMUM_MS);
      return waitMs;
    },
  };
}
