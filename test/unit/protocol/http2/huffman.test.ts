import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeHuffman } from '../../../../src/protocol/http2/huffman.ts';
import { raises } from '../../../support/assert-raises.ts';

function decode(hex: string): string {
  return decodeHuffman(Buffer.from(hex, 'hex'));
}

test('strings of RFC 7541, appendix C', () => {
  assert.equal(decode('f1e3c2e5f23a6ba0ab90f4ff'), 'www.example.com');
  assert.equal(decode('d07abe941054d444a8200595040b8166e082a62d1bff'), 'Mon, 21 Oct 2013 20:13:21 GMT');
  assert.equal(decode('640eff'), '307');
  assert.equal(decode(''), '');
});

test('the longest codes, which stand at the end of appendix B', () => {
  // 0x0a is 3ffffffc, 0x0d 3ffffffd, 0x16 3ffffffe, each of 30 bits; 0xff is 3ffffee of 26.
  assert.equal(decode('fffffff3'), '\n');
  assert.equal(decode('fffffff7'), '\r');
  assert.equal(decode('fffffffb'), '\x16');
  assert.equal(decode('fffffbbf'), '\xff');
});

test('the symbol of the end, and padding that is not its start, are refused', () => {
  for (const hex of ['ffffffff', '00', '640e', 'f1e3c2e5f23a6ba0ab90f4ffff'])
    assert.throws(() => decode(hex), raises('HTTP_PROTOCOL', /COMPRESSION_ERROR/));
});
