/** What the command line needs of an output stream; `process.stdout` and `process.stderr` are ones. */
import type { Writable } from 'node:stream';
import pc from 'picocolors';

export interface Terminal extends Writable {
  /** True on a terminal; absent or false on a pipe or file. */
  isTTY?: boolean;
  /** Width in characters, on a terminal. */
  columns?: number;
}

export type Colours = ReturnType<typeof pc.createColors>;

/** Colours for a stream: none off a terminal, on a dumb one, or when NO_COLOR is set (no-color.org). */
export function coloursFor(
  stream: Terminal,
  environment: Readonly<Record<string, string | undefined>>,
): Colours {
  const isRefused = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return pc.createColors(stream.isTTY === true && !isRefused);
}
