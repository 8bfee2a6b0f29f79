import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { HpackDecoder } from '../../../../src/protocol/http2/hpack-decoder.ts';
import { isToolError } from '../../../../src/errors/index.ts';
import { raises } from '../../../support/assert-raises.ts';

/** Decodes blocks of one connection; the fields as `name: value`. */
function decodeAll(...blocks: string[]): string[][] {
  const decoder = new HpackDecoder();
  return blocks.map((hex) =>
    (decoder.decode(Buffer.from(hex.replaceAll(' ', ''), 'hex')) ?? []).map(
      ({ name, value }) => `${name}: ${value}`,
    ),
  );
}

function assertRefused(hex: string): void {
  assert.throws(() => decodeAll(hex), raises('HTTP_PROTOCOL', /COMPRESSION_ERROR/));
}

const get = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
const requests = [
  get,
  [...get, 'cache-control: no-cache'],
  [
    ':method: GET',
    ':scheme: https',
    ':path: /index.html',
    ':authority: www.example.com',
    'custom-key: custom-value',
  ],
];

describe('the examples of RFC 7541', () => {
  test('C.3: requests without Huffman coding', () => {
    assert.deepEqual(
      decodeAll(
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ),
      requests,
    );
  });

  test('C.4: requests with Huffman coding', () => {
    assert.deepEqual(
      decodeAll(
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ),
      requests,
    );
  });

  test('C.2.3: a field that is never indexed', () => {
    const [field] = new HpackDecoder().decode(Buffer.from('100870617373776f726406736563726574', 'hex')) ?? [];
    assert.deepEqual(field, { name: 'password', value: 'secret', isNeverIndexed: true });
  });
});

describe('the table', () => {
  const inserted = '40 0161 0162';

  test('is emptied and filled again by its size', () => {
    assert.deepEqual(decodeAll(inserted, 'be', '20 3fe11f', inserted, 'be'), [
      ['a: b'],
      ['a: b'],
      [],
      ['a: b'],
      ['a: b'],
    ]);
  });

  test('forgets what does not fit', () => {
    const decoder = new HpackDecoder();
    decoder.decode(Buffer.from(`${inserted} 3f01`.replaceAll(' ', '').slice(0, 10), 'hex'));
    decoder.decode(Buffer.from('3f02', 'hex'));
    assert.throws(() => decoder.decode(Buffer.of(0xbe)), raises('HTTP_PROTOCOL'));
  });

  test('is right after a list over the limit', () => {
    const decoder = new HpackDecoder();
    const value = 'x'.repeat(4000);
    const block = Buffer.concat([
      Buffer.from('400161', 'hex'),
      Buffer.from([0x7f, 0xa1, 0x1e]),
      Buffer.from(value),
    ]);
    assert.equal(decoder.decode(block)?.[0]?.value, value);
    assert.equal(decoder.decode(Buffer.alloc(1000, 0xbe)), undefined);
    assert.equal(decoder.decode(Buffer.of(0xbe))?.length, 1);
  });
});

describe('a block is refused', () => {
  test('with an index in neither table', () => {
    assertRefused('80');
    assertRefused('be');
  });
  test('with a table larger than allowed', () => {
    assertRefused('3fe21f');
  });
  test('with a size of the table behind a field', () => {
    assertRefused('82 20');
  });
  test('with an integer that is too large', () => {
    assertRefused('ffffffffffff7f');
  });
  test('that is cut short', () => {
    assertRefused('40 0a 61');
    assertRefused('7f');
    assertRefused('40 01 61 82 f1');
  });
});

test('whatever comes is decoded or refused', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 5 }), (blocks) => {
      const decoder = new HpackDecoder();
      try {
        for (const block of blocks) decoder.decode(Buffer.from(block));
      } catch (error) {
        assert.ok(isToolError(error, 'HTTP_PROTOCOL'), String(error));
      }
    }),
  );
});
