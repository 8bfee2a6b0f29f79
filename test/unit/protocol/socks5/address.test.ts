import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatIpAddress, toIpAddress } from '../../../../src/address/index.ts';
import { decodeAddress, encodeAddress, findAddressSize } from '../../../../src/protocol/socks5/address.ts';

const ip = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map((bytes) => formatIpAddress(toIpAddress(Buffer.from(bytes))));
const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,20}[a-z0-9])?$/);
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));

test('what is written is read as the same, and has the size that its first bytes say', () => {
  fc.assert(
    fc.property(fc.oneof(ip, name), fc.nat(65_535), (host, port) => {
      const bytes = encodeAddress({ host, port });
      assert.equal(findAddressSize(bytes[0] ?? 0, bytes[1] ?? 0), bytes.length);
      assert.deepEqual(decodeAddress(bytes), { host, port });
    }),
  );
});

test('encodeAddress() chooses the address type by what the host is', () => {
  assert.equal(encodeAddress({ host: '192.0.2.1', port: 258 }).toString('hex'), '01c00002010102');
  assert.equal(
    encodeAddress({ host: '2001:db8::1', port: 1 }).toString('hex'),
    `0420010db8${'0'.repeat(23)}10001`,
  );
  assert.equal(encodeAddress({ host: 'ab', port: 65_535 }).toString('hex'), '03026162ffff');
});

test('encodeAddress() refuses a name that its length byte cannot tell', () => {
  assert.throws(() => encodeAddress({ host: 'a'.repeat(256), port: 1 }), { code: 'SOCKS_PROTOCOL' });
});

test('findAddressSize() knows three types', () => {
  assert.equal(findAddressSize(1, 9), 7);
  assert.equal(findAddressSize(4, 9), 19);
  assert.equal(findAddressSize(3, 9), 13);
  for (const type of [0, 2, 5, 255]) assert.equal(findAddressSize(type, 9), undefined);
});
