/**
 * The signals of the command line's process. While it works for itself, the first one that asks it to end aborts what it
 * does, and the second one ends it. While a local process runs, they are that one's.
 */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** Those that a process uses to ask another for something. */
export const forwardedSignals = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
] as const;
const endingSignals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** Those that the terminal itself sends, to all processes of the foreground job. */
const keyboardSignals: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGWINCH']);

/** The part of `process` that this needs. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
}

export interface SignalsOptions {
  source: SignalSource;
  /** Ends the process at once. */
  exit: (code: number) => void;
  /** Tells whether the terminal sends its signals to this process itself; see {@link isForegroundJob}. */
  isForeground?: () => boolean;
}

export interface Signals {
  /** Aborts when the user asks the command to end. */
  readonly interrupted: AbortSignal;
  /** What the user asked with; undefined as long as nobody did. */
  readonly received: NodeJS.Signals | undefined;
  /** From now on every signal goes to `send`, but those that the terminal sends there as well. Returns the undoing. */
  forward(send: (signal: NodeJS.Signals) => void): () => void;
  /** Takes all listeners back. */
  dispose(): void;
}

export function createSignals({ source, exit, isForeground = isForegroundJob }: SignalsOptions): Signals {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  let receiver: ((signal: NodeJS.Signals) => void) | undefined;

  const onEndingSignal = (signal: NodeJS.Signals): void => {
    if (receiver !== undefined) return;
    if (received !== undefined) exit(signalExitCode(signal));
    received = signal;
    controller.abort();
  };
  const onAnySignal = (signal: NodeJS.Signals): void => {
    if (keyboardSignals.has(signal) && isForeground()) return;
    receiver?.(signal);
  };
  for (const signal of endingSignals) source.on(signal, onEndingSignal);

  function stopForwarding(): void {
    receiver = undefined;
    for (const signal of forwardedSignals) source.off(signal, onAnySignal);
  }

  return {
    interrupted: controller.signal,
    get received(): NodeJS.Signals | undefined {
      return received;
    },
    forward(send): () => void {
      receiver = send;
      for (const signal of forwardedSignals) source.on(signal, onAnySignal);
      return stopForwarding;
    },
    dispose(): void {
      stopForwarding();
      for (const signal of endingSignals) source.off(signal, onEndingSignal);
    },
  };
}

/** What a shell reports for a process that a signal has ended. */
export function signalExitCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/**
 * Tells whether this process belongs to the foreground job of a terminal, whose Ctrl-C reaches its children as well.
 * Linux says so in proc(5) (`pgrp` is the fifth field of `stat`, `tpgid` the eighth); elsewhere a terminal at stdin is
 * taken for it.
 */
export function isForegroundJob(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // The second field is the program's name in parentheses, which may itself hold blanks and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[2] === fields[5];
  } catch {
    return process.stdin.isTTY;
  }
}
