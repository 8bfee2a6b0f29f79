import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isToolError } from '../../../../src/errors/index.ts';
import { FrameDecoder } from '../../../../src/protocol/yamux/decoder.ts';
import { encodeFrames } from '../../../support/yamux-frames.ts';

/** Feeds `chunks` and returns what came out, with the payload of each frame joined: the same however it was cut. */
function decode(chunks: readonly Buffer[]): string[] {
  const decoder = new FrameDecoder();
  const lines: string[] = [];
  let payload = '';
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let part = decoder.next(); part !== undefined; part = decoder.next()) {
      if (part.kind === 'header') {
        const { type, flags, streamId, length } = part.header;
        lines.push(`${type} ${flags} ${streamId} ${length}`);
      } else {
        assert.ok(part.bytes.length > 0);
        payload += part.bytes.toString();
        if (!part.isLast) continue;
        lines.push(payload);
        payload = '';
      }
    }
  }
  return lines;
}

const stream = encodeFrames('data syn 1 "hello"', 'ping syn 9', 'data fin 1 ""', 'data 3 "more"', 'goAway 0');
const expected = ['0 1 1 5', 'hello', '2 1 0 9', '0 4 1 0', '0 0 3 4', 'more', '3 0 0 0'];

test('frames of one chunk come out in order', () => {
  assert.deepEqual(decode([stream]), expected);
});

test('a split at any offset changes nothing', () => {
  for (let first = 0; first <= stream.length; first += 1) {
    for (let second = first; second <= stream.length; second += 1) {
      const chunks = [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)];
      assert.deepEqual(decode(chunks), expected);
    }
  }
});

test('single bytes change nothing', () => {
  assert.deepEqual(decode([...stream].map((byte) => Buffer.from([byte]))), expected);
});

test('payload is passed on before the frame is complete, as a view', () => {
  const decoder = new FrameDecoder();
  const chunk = encodeFrames('data 1 "hello"').subarray(0, 14);
  decoder.push(chunk);
  assert.equal(decoder.next()?.kind, 'header');
  const part = decoder.next();
  assert.ok(part?.kind === 'payload');
  assert.equal(part.bytes.buffer, chunk.buffer);
  assert.deepEqual([part.bytes.toString(), part.isLast], ['he', false]);
  assert.equal(decoder.next(), undefined);
});

test('a length of 4 GiB holds no memory', () => {
  const decoder = new FrameDecoder();
  decoder.push(Buffer.from('0000000000000001ffffffff', 'hex'));
  assert.deepEqual(decoder.next(), {
    kind: 'header',
    header: { type: 0, flags: 0, streamId: 1, length: 0xffff_ffff },
  });
  assert.equal(decoder.next(), undefined);
});

test('random bytes give parts or MUX_PROTOCOL', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
      try {
        decode(chunks.map((chunk) => Buffer.from(chunk)));
      } catch (error) {
        assert.ok(isToolError(error, 'MUX_PROTOCOL'));
      }
    }),
  );
});
