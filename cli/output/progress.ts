/**
 * Shows what a command waits for, on stderr. On a terminal each step has a line that changes in place, with the seconds
 * it has taken; elsewhere each change is a line of its own.
 */
import type { Progress } from '../../src/contract/index.ts';
import type { Clock, Timer } from '../../src/core/index.ts';
import type { Terminal } from './terminal.ts';
import { oneLine } from './text.ts';

const TICK_MS = 1000;
/** A terminal that does not tell its width. */
const DEFAULT_COLUMNS = 80;
/** Fewer steps than any terminal has lines: a line that has scrolled away cannot be changed. */
const SHOWN_STEPS = 10;
const eraseLine = '\u001b[2K';

export interface ProgressDisplay {
  readonly onProgress: (progress: Progress) => void;
  /** Leaves the lines as they are; nothing is shown after it. Idempotent. */
  readonly finish: () => void;
}

interface Step {
  message: string;
  startedMs: number;
  /** When another step took over; its time stands still from then on. */
  endedMs: number | undefined;
}

export function createProgressDisplay(stream: Terminal, clock: Clock): ProgressDisplay {
  return stream.isTTY === true ? createLiveDisplay(stream, clock) : createPlainDisplay(stream);
}

/** Shows nothing, for output that programs read. */
export const silentProgress: ProgressDisplay = { onProgress: () => undefined, finish: () => undefined };

function createPlainDisplay(stream: Terminal): ProgressDisplay {
  const shown = new Map<string, string>();
  return {
    onProgress({ step, message }): void {
      if (shown.get(step) === message) return;
      shown.set(step, message);
      stream.write(`${oneLine(message)}\n`);
    },
    finish: () => undefined,
  };
}

function createLiveDisplay(stream: Terminal, clock: Clock): ProgressDisplay {
  const steps = new Map<string, Step>();
  let shownLines = 0;
  let timer: Timer | undefined;
  let isFinished = false;

  function draw(): void {
    const lines = [...steps.values()].slice(-SHOWN_STEPS).map(formatStep);
    const up = shownLines === 0 ? '' : `\u001b[${shownLines}A`;
    stream.write(up + lines.map((line) => `${eraseLine}${line}\n`).join(''));
    shownLines = lines.length;
  }

  function formatStep({ message, startedMs, endedMs }: Step): string {
    const seconds = Math.floor(((endedMs ?? clock.monotonicMs()) - startedMs) / 1000);
    const time = seconds === 0 ? '' : ` (${seconds} s)`;
    // A line that wraps takes two, and the cursor would miss them.
    const room = (stream.columns ?? DEFAULT_COLUMNS) - time.length - 1;
    const text = oneLine(message);
    return (text.length > room ? `${text.slice(0, room - 1)}…` : text) + time;
  }

  function tick(): void {
    draw();
    timer = clock.after(TICK_MS, tick);
  }

  return {
    onProgress({ step, message }): void {
      if (isFinished) return;
      const nowMs = clock.monotonicMs();
      for (const [name, other] of steps) if (name !== step) other.endedMs ??= nowMs;
      steps.set(step, { message, startedMs: steps.get(step)?.startedMs ?? nowMs, endedMs: undefined });
      timer?.cancel();
      tick();
    },
    finish(): void {
      if (isFinished) return;
      isFinished = true;
      timer?.cancel();
      if (steps.size > 0) draw();
    },
  };
}
