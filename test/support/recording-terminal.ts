import { Writable } from 'node:stream';
import type { Terminal } from '../../cli/output/terminal.ts';

export interface RecordingTerminal extends Terminal {
  /** Everything that was written. */
  readonly text: string;
}

/** An output stream that keeps what is written to it. */
export function createRecordingTerminal(
  traits: { isTTY?: boolean; columns?: number } = {},
): RecordingTerminal {
  let text = '';
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done): void {
      text += chunk.toString();
      done();
    },
  });
  return Object.defineProperty(Object.assign(stream, traits), 'text', {
    get: () => text,
  }) as unknown as RecordingTerminal;
}
