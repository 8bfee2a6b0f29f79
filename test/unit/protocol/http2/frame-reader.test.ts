import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, frameTypes } from '../../../../src/protocol/http2/frame.ts';
import { FrameReader } from '../../../../src/protocol/http2/frame-reader.ts';
import { raises } from '../../../support/assert-raises.ts';

test('frames come out the same wherever the bytes are cut', () => {
  const bytes = Buffer.concat([
    encodeFrame(frameTypes.data, 1, 5, Buffer.from('content')),
    encodeFrame(frameTypes.settings, 0, 0, Buffer.alloc(0)),
    encodeFrame(0xfe, 0xff, 0xffff_ffff, Buffer.from('x')),
  ]);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const reader = new FrameReader();
    const seen: unknown[] = [];
    for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      reader.push(part);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next())
        seen.push([frame.type, frame.flags, frame.streamId, frame.payload.toString()]);
    }
    assert.deepEqual(seen, [
      [0, 1, 5, 'content'],
      [4, 0, 0, ''],
      [0xfe, 0xff, 0x7fff_ffff, 'x'],
    ]);
  }
});

test('a frame over the limit is refused by its header', () => {
  const reader = new FrameReader();
  reader.push(Buffer.from('004001000000000001', 'hex'));
  assert.throws(() => reader.next(), raises('HTTP_PROTOCOL', /FRAME_SIZE_ERROR/));
});
