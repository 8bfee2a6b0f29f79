import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createError } from '../../../src/errors/index.ts';
import { formatAddress, keyOf, refusalOf } from '../../../src/tun/network.ts';

test('refusalOf(): refused is RST, a time-out stays silent, the rest is unreachable', () => {
  const at = { target: '10.1.2.3:80' };
  assert.equal(refusalOf(createError('NET_REFUSED', at)), 'refused');
  assert.equal(refusalOf(createError('NET_TIMEOUT', { ...at, seconds: 10 })), 'silent');
  assert.equal(refusalOf(createError('NET_UNREACHABLE', { ...at, reason: 'no route' })), 'unreachable');
  assert.equal(refusalOf(new Error('a defect')), 'unreachable');
});

test('keyOf() takes the last byte of the address and the port', () => {
  assert.equal(keyOf({ address: '192.0.0.17', port: 1030 }), 17 * 65_536 + 1030);
  assert.equal(keyOf({ address: 'fd74:7075:6e00::ff', port: 1024 }), 255 * 65_536 + 1024);
  assert.equal(keyOf({ address: '', port: 0 }), 0);
});

test('formatAddress() writes mapped addresses as IPv4', () => {
  assert.equal(formatAddress(Buffer.from('00000000000000000000ffff0a010203', 'hex')), '10.1.2.3');
  assert.equal(formatAddress(Buffer.from('20010db8000000000000000000000007', 'hex')), '2001:db8:0:0:0:0:0:7');
});
