import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  encodeFrame,
  encodeHeaderFrames,
  encodeNumbers,
  encodeSettings,
  flags,
  frameTypes,
  settings,
  withoutPadding,
} from '../../../../src/protocol/http2/frame.ts';
import { FrameReader } from '../../../../src/protocol/http2/frame-reader.ts';
import { frameLimitBytes } from '../../../../src/protocol/http2/limits.ts';
import { raises } from '../../../support/assert-raises.ts';

test('a frame is its header and its payload', () => {
  assert.equal(
    encodeFrame(frameTypes.ping, flags.ack, 0, Buffer.alloc(8, 1)).toString('hex'),
    '0000080601000000000101010101010101',
  );
  assert.equal(
    encodeNumbers(frameTypes.goAway, 0, 7, 2).toString('hex'),
    '0000080700000000000000000700000002',
  );
  assert.equal(encodeSettings([[settings.enablePush, 0]]).toString('hex'), '000006040000000000000200000000');
});

test('a header block that is too large for a frame goes on in others', () => {
  const reader = new FrameReader();
  reader.push(encodeHeaderFrames(3, Buffer.alloc(2 * frameLimitBytes + 1), true));
  const frames = [reader.next(), reader.next(), reader.next()];
  assert.deepEqual(
    frames.map((frame) => [frame?.type, frame?.flags, frame?.payload.length]),
    [
      [frameTypes.headers, flags.endStream, frameLimitBytes],
      [frameTypes.continuation, 0, frameLimitBytes],
      [frameTypes.continuation, flags.endHeaders, 1],
    ],
  );
  assert.equal(encodeHeaderFrames(1, Buffer.alloc(0), false)[4], flags.endHeaders);
});

test('padding and priority are taken off', () => {
  const strip = (type: number, bits: number, hex: string): string =>
    withoutPadding({ type, flags: bits, streamId: 1, payload: Buffer.from(hex, 'hex') }).toString('hex');
  assert.equal(strip(frameTypes.data, 0, 'aabb'), 'aabb');
  assert.equal(strip(frameTypes.data, flags.padded, '02aabb0000'), 'aabb');
  assert.equal(strip(frameTypes.headers, flags.padded | flags.priority, '0100000000ff82' + '00'), '82');
  assert.throws(
    () => strip(frameTypes.data, flags.padded, '03aabb'),
    raises('HTTP_PROTOCOL', /PROTOCOL_ERROR/),
  );
  assert.throws(() => strip(frameTypes.data, flags.padded, ''), raises('HTTP_PROTOCOL'));
  assert.throws(() => strip(frameTypes.headers, flags.priority, '00000000'), raises('HTTP_PROTOCOL'));
});
