import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameDecoder } from '../../../../src/protocol/resume/index.ts';
import { isToolError } from '../../../../src/errors/index.ts';

function decodeAll(bytes: Buffer): void {
  const decoder = new FrameDecoder();
  decoder.push(bytes);
  while (decoder.next() !== undefined);
}

test('whatever arrives is frames, an unfinished frame, or a violation', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeAll(Buffer.from(bytes));
      } catch (error) {
        assert.ok(isToolError(error, 'TUNNEL_PROTOCOL'), String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});

for (const [what, hex] of [
  ['an unknown type', '07000000 0000000000000000'],
  ['a long control frame', '01000041 0000000000000000'],
  ['an offset beyond 2^53', '00000000 0020000000000000'],
] as const)
  test(`${what} is refused from the header alone`, () => {
    assert.throws(() => decodeAll(Buffer.from(hex.replaceAll(' ', ''), 'hex')), { code: 'TUNNEL_PROTOCOL' });
  });
