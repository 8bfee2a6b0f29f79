import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isToolError } from '../../../../src/errors/index.ts';
import { decodeUdpRequest, encodeUdpRequest } from '../../../../src/protocol/socks5/index.ts';

test('a datagram with its header, as in RFC 1928 §7', () => {
  const request = { fragment: 0, destination: { host: '192.0.2.1', port: 53 }, data: Buffer.from('hi') };
  const bytes = encodeUdpRequest(request);
  assert.equal(bytes.toString('hex'), '00000001c000020100356869');
  assert.deepEqual(decodeUdpRequest(bytes), request);
});

test('the fragment number is told to the caller, who drops fragments', () => {
  assert.equal(decodeUdpRequest(Buffer.from('00008101c00002010035', 'hex')).fragment, 0x81);
});

test('a datagram may be empty', () => {
  assert.equal(decodeUdpRequest(Buffer.from('00000001c00002010035', 'hex')).data.length, 0);
});

test('a header that is cut short anywhere is refused', () => {
  for (const hex of ['00000001c00002010035', '000000030473686f700050']) {
    const whole = Buffer.from(hex, 'hex');
    for (let size = 0; size < whole.length; size += 1) {
      assert.throws(
        () => decodeUdpRequest(whole.subarray(0, size)),
        { code: 'SOCKS_PROTOCOL' },
        String(size),
      );
    }
  }
});

for (const [name, hex] of [
  ['reserved bytes that are not 0', '00010001c00002010035'],
  ['an unknown address type', '00000002c00002010035'],
  ['a name that is none', '00000003010a0035'],
] as const) {
  test(`${name} are refused`, () => {
    assert.throws(() => decodeUdpRequest(Buffer.from(hex, 'hex')), { code: 'SOCKS_PROTOCOL' });
  });
}

test('whatever comes, nothing but SOCKS_PROTOCOL is thrown', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        decodeUdpRequest(Buffer.concat([Buffer.from([0, 0, 0]), bytes]));
      } catch (error) {
        assert.equal(isToolError(error, 'SOCKS_PROTOCOL'), true);
      }
    }),
  );
});
