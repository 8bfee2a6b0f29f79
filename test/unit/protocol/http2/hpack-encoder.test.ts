import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HpackDecoder } from '../../../../src/protocol/http2/hpack-decoder.ts';
import { encodeHeaderBlock } from '../../../../src/protocol/http2/hpack-encoder.ts';

test('fields of the static table take one byte, known names an index', () => {
  const block = encodeHeaderBlock([
    { name: ':method', value: 'GET' },
    { name: ':status', value: '404' },
    { name: ':path', value: '/x' },
    { name: 'x', value: 'y' },
  ]);
  assert.equal(block.toString('hex'), '828d04022f7800017801' + '79');
});

test('a field that is never indexed stays one', () => {
  const fields = [{ name: 'authorization', value: 's', isNeverIndexed: true as const }];
  assert.equal(encodeHeaderBlock(fields).toString('hex'), '1f080173');
  assert.deepEqual(new HpackDecoder().decode(encodeHeaderBlock(fields)), fields);
});

test('every list is decoded as it was, and changes no table', () => {
  const octets = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 300,
  });
  const field = fc
    .record({
      name: fc.oneof(octets, fc.constantFrom(':path', ':method', 'cookie', 'te')),
      value: octets,
    })
    .map(({ name, value }) => ({ name, value }));
  const decoder = new HpackDecoder();
  fc.assert(
    fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
      assert.deepEqual(decoder.decode(encodeHeaderBlock(fields)), fields);
      assert.throws(() => decoder.decode(Buffer.of(0xbe)));
    }),
  );
});
