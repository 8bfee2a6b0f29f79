import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  cidrContains,
  formatCidr,
  formatIpAddress,
  parseCidr,
  parseIpAddress,
  toIpAddress,
} from '../../../src/address/index.ts';

test('parseCidr() clears the bits beyond the prefix', () => {
  assert.equal(formatCidr(parseCidr('10.255.255.7/9')), '10.128.0.0/9');
  assert.equal(formatCidr(parseCidr('fd00:1::1/8')), 'fd00::/8');
  assert.equal(formatCidr(parseCidr('10.0.0.7')), '10.0.0.7/32');
  assert.equal(formatCidr(parseCidr('::1')), '::1/128');
});

for (const text of [
  '',
  '/8',
  '10.0.0.0/',
  '10.0.0.0/33',
  '::/129',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
  '10.0.0.0/a',
  'shop/8',
]) {
  test(`parseCidr() refuses "${text}"`, () => {
    assert.throws(() => parseCidr(text), { code: 'ADDRESS_INVALID' });
  });
}

test('cidrContains() does not mix IP versions', () => {
  assert.equal(cidrContains(parseCidr('0.0.0.0/0'), parseIpAddress('::1')), false);
  assert.equal(cidrContains(parseCidr('::/0'), parseIpAddress('1.2.3.4')), false);
  assert.equal(cidrContains(parseCidr('::/0'), parseIpAddress('ffff::')), true);
});

test('cidrContains() agrees with net.BlockList', () => {
  const byte = fc.constantFrom(0, 1, 127, 128, 255);
  const address = fc.oneof(
    fc.array(byte, { minLength: 4, maxLength: 4 }),
    fc.array(byte, { minLength: 16, maxLength: 16 }),
  );
  fc.assert(
    fc.property(address, address, fc.nat({ max: 128 }), (block, candidate, bits) => {
      const network = toIpAddress(Buffer.from(block));
      const inside = toIpAddress(Buffer.from(candidate));
      fc.pre(network.version === inside.version && bits <= block.length * 8);
      const list = new BlockList();
      list.addSubnet(formatIpAddress(network), bits, network.version === 4 ? 'ipv4' : 'ipv6');
      const expected = list.check(formatIpAddress(inside), inside.version === 4 ? 'ipv4' : 'ipv6');
      const cidr = parseCidr(`${formatIpAddress(network)}/${String(bits)}`);
      assert.equal(cidrContains(cidr, inside), expected);
    }),
  );
});
