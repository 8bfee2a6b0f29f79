import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  findIpAddress,
  formatIpAddress,
  isLoopback,
  parseIpAddress,
  toIpAddress,
  toUnmapped,
} from '../../../src/address/index.ts';

test('findIpAddress() reads IPv4', () => {
  assert.deepEqual(findIpAddress('192.0.2.1'), { version: 4, bytes: Buffer.from([192, 0, 2, 1]) });
});

for (const text of [
  '',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '0x7f.0.0.1',
  '1.2.3.4 ',
  '127.1',
  'a',
]) {
  test(`findIpAddress() refuses "${text}"`, () => {
    assert.equal(findIpAddress(text), undefined);
  });
}

for (const [text, printed] of [
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:DB8::1', '2001:db8::1'],
  ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
] as const) {
  test(`formatIpAddress() prints ${text} as ${printed}`, () => {
    assert.equal(formatIpAddress(parseIpAddress(text)), printed);
  });
}

for (const text of [
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  'g::',
  '12345::',
  '::1%eth0',
  '::1.2.3',
  '1.2.3.4::',
  '::1.2.3.4:5',
  ':1',
  '1:',
]) {
  test(`findIpAddress() refuses "${text}"`, () => {
    assert.equal(findIpAddress(text), undefined);
  });
}

test('what is printed reads as the same bytes, and Node agrees that it is an address', () => {
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
  const sparse = bytes.map((array) => array.map((byte) => (byte < 160 ? 0 : byte)));
  fc.assert(
    fc.property(fc.oneof(bytes, sparse, fc.uint8Array({ minLength: 4, maxLength: 4 })), (array) => {
      const address = toIpAddress(Buffer.from(array));
      const text = formatIpAddress(address);
      assert.equal(address.version === 4 ? isIPv4(text) : isIPv6(text), true, text);
      assert.deepEqual(parseIpAddress(text), address);
    }),
  );
});

test('findIpAddress() takes nothing that Node does not take', () => {
  const alphabet = fc.constantFrom(':', '::', '.', '0', '1', 'f', 'ffff', '255', '%', 'g');
  fc.assert(
    fc.property(fc.array(alphabet, { maxLength: 16 }), (parts) => {
      const text = parts.join('');
      if (findIpAddress(text) !== undefined) assert.equal(isIPv4(text) || isIPv6(text), true, text);
    }),
    { numRuns: 2000 },
  );
});

test('parseIpAddress() and toIpAddress() name what they cannot read', () => {
  assert.throws(() => parseIpAddress('shop'), { code: 'ADDRESS_INVALID' });
  assert.throws(() => toIpAddress(Buffer.alloc(5)), { code: 'ADDRESS_INVALID' });
});

test('isLoopback() knows 127.0.0.0/8, ::1 and their mapped form', () => {
  for (const text of ['127.0.0.1', '127.255.0.1', '::1', '::ffff:127.0.0.1']) {
    assert.equal(isLoopback(parseIpAddress(text)), true, text);
  }
  for (const text of ['128.0.0.1', '::', '::2', '::ffff:10.0.0.1', '7f00::']) {
    assert.equal(isLoopback(parseIpAddress(text)), false, text);
  }
});

test('toUnmapped() leaves other addresses alone', () => {
  assert.equal(formatIpAddress(toUnmapped(parseIpAddress('::ffff:10.0.0.1'))), '10.0.0.1');
  assert.equal(formatIpAddress(toUnmapped(parseIpAddress('::10.0.0.1'))), '::a00:1');
});
