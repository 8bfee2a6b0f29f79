import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isToolError } from '../../../../src/errors/index.ts';
import { MessageDecoder, encodeMessage } from '../../../../src/protocol/tunnel/index.ts';

test('encodeMessage() writes a big-endian length and JSON', () => {
  assert.equal(encodeMessage({ a: 1 }, 100).toString('latin1'), '\0\0\0\u0007{"a":1}');
});

test('MessageDecoder gives what was encoded, however the bytes are split', () => {
  const bytes = Buffer.concat([encodeMessage({ kind: 'dial', host: 'wéb' }, 100), Buffer.from('rest')]);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const decoder = new MessageDecoder(100);
    decoder.push(Buffer.from(bytes.subarray(0, cut)));
    const early = decoder.next();
    decoder.push(Buffer.from(bytes.subarray(cut)));
    assert.deepEqual(early ?? decoder.next(), { kind: 'dial', host: 'wéb' });
    assert.equal(decoder.takeRest().toString(), 'rest');
  }
});

test('MessageDecoder refuses a length over its limit before the body arrives', () => {
  const decoder = new MessageDecoder(16);
  decoder.push(Buffer.from([0, 0, 0, 17]));
  assert.throws(
    () => decoder.next(),
    (error) => isToolError(error, 'TUNNEL_PROTOCOL'),
  );
});

test('MessageDecoder accepts a message of exactly its limit', () => {
  const decoder = new MessageDecoder(7);
  decoder.push(encodeMessage({ a: 1 }, 7));
  assert.deepEqual(decoder.next(), { a: 1 });
});

test('encodeMessage() refuses what the other end would refuse', () => {
  assert.throws(() => encodeMessage({ text: 'x'.repeat(100) }, 50));
});

for (const body of ['', 'nonsense', '1', 'null', '"text"'])
  test(`MessageDecoder refuses the body "${body}"`, () => {
    const decoder = new MessageDecoder(100);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    decoder.push(Buffer.concat([length, Buffer.from(body)]));
    assert.throws(
      () => decoder.next(),
      (error) => isToolError(error, 'TUNNEL_PROTOCOL'),
    );
  });

test('MessageDecoder throws nothing but TUNNEL_PROTOCOL on garbage', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
      const decoder = new MessageDecoder(64);
      try {
        for (const chunk of chunks) {
          decoder.push(Buffer.from(chunk));
          while (decoder.next() !== undefined);
        }
      } catch (error) {
        assert.ok(isToolError(error, 'TUNNEL_PROTOCOL'), String(error));
      }
    }),
  );
});
