/** Conversations for tests of the HTTP/1 framer, written as playbooks. */
import type { ExchangeFramer } from '../../src/protocol/http1/index.ts';

/** `>>`: bytes of the client, `<<`: bytes of the target. */
export type Step = readonly ['>>' | '<<', string | Buffer];

/** Gives `step` to the framer in pieces of `pieceBytes`. Returns the offsets at which the client's next requests start. */
export function play(
  framer: ExchangeFramer,
  [direction, text]: Step,
  pieceBytes: number = Number.POSITIVE_INFINITY,
): number[] {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  const starts: number[] = [];
  for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
    const piece = bytes.subarray(offset, offset + pieceBytes);
    if (direction === '<<') framer.observeTarget(piece);
    else
      for (let position = 0; position < piece.length;) {
        position = framer.observeClient(piece, position);
        if (position < piece.length) starts.push(offset + position);
      }
  }
  return starts;
}
