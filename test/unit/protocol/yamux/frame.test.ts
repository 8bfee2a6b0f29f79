import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isToolError } from '../../../../src/errors/index.ts';
import {
  decodeHeader,
  encodeHeader,
  frameTypes,
  type FrameHeader,
} from '../../../../src/protocol/yamux/frame.ts';

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });

/** Headers that are valid by themselves. */
const plain = { noNullPrototype: true };
const headers: fc.Arbitrary<FrameHeader> = fc.oneof(
  fc.record(
    {
      type: fc.constantFrom(frameTypes.data, frameTypes.windowUpdate),
      flags: fc.integer({ min: 0, max: 0xffff }),
      streamId: fc.integer({ min: 1, max: 0xffff_ffff }),
      length: uint32,
    },
    plain,
  ),
  fc.record(
    {
      type: fc.constant(frameTypes.ping),
      flags: fc.constantFrom(1, 2),
      streamId: fc.constant(0),
      length: uint32,
    },
    plain,
  ),
  fc.record(
    {
      type: fc.constant(frameTypes.goAway),
      flags: fc.constant(0),
      streamId: fc.constant(0),
      length: uint32,
    },
    plain,
  ),
);

function violates(hex: string, reason: RegExp): void {
  assert.throws(
    () => decodeHeader(Buffer.from(hex, 'hex')),
    (error) => isToolError(error, 'MUX_PROTOCOL') && reason.test(error.message),
  );
}

// Written by hand from the specification, "Framing".
test('fields are big-endian at the offsets of the specification', () => {
  const bytes = Buffer.from('0001000d0123456789abcdef', 'hex');
  const header = { type: frameTypes.windowUpdate, flags: 13, streamId: 0x0123_4567, length: 0x89ab_cdef };
  assert.deepEqual(decodeHeader(bytes), header);
  assert.deepEqual(encodeHeader(header), bytes);
});

test('decodeHeader() undoes encodeHeader(), at any offset', () => {
  fc.assert(
    fc.property(headers, fc.nat({ max: 20 }), (header, offset) => {
      const bytes = Buffer.concat([Buffer.alloc(offset, 0xff), encodeHeader(header)]);
      assert.deepEqual(decodeHeader(bytes, offset), header);
    }),
  );
});

test('encodeHeader() leaves room for a payload', () => {
  const header: FrameHeader = { type: frameTypes.data, flags: 0, streamId: 1, length: 5 };
  const bytes = encodeHeader(header, 5);
  assert.equal(bytes.length, 17);
  assert.deepEqual(decodeHeader(bytes), header);
});

test('decodeHeader() throws nothing but MUX_PROTOCOL', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), (bytes) => {
      try {
        decodeHeader(Buffer.from(bytes));
      } catch (error) {
        assert.ok(isToolError(error, 'MUX_PROTOCOL'));
      }
    }),
  );
});

test('another version is a violation', () => violates('010000000000000100000000', /version 1/));
test('an unknown type is a violation', () => violates('000400000000000100000000', /type 4/));
test('data for stream 0 is a violation', () => violates('000000000000000000000000', /stream 0/));
test('a window update for stream 0 is a violation', () => violates('000100000000000000000000', /stream 0/));
test('a ping for a stream is a violation', () => violates('000200010000000100000000', /ping for stream 1/));
test('go away for a stream is a violation', () =>
  violates('000300000000000100000000', /go away for stream 1/));
test('a ping without SYN or ACK is a violation', () =>
  violates('000200000000000000000000', /ping with flags 0/));
test('a ping with SYN and ACK is a violation', () =>
  violates('000200030000000000000000', /ping with flags 3/));

test('flags that the specification does not name are ignored', () => {
  assert.equal(decodeHeader(Buffer.from('0002fff10000000000000000', 'hex')).type, frameTypes.ping);
});
