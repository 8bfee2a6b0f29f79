import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canBePreface, isPreface, isServerPreface } from '../../../../src/protocol/http2/preface.ts';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

test('a client is told by its preface, which may come in parts', () => {
  assert.ok(isPreface(preface) && isPreface(Buffer.concat([preface, Buffer.from('more')])));
  for (let size = 1; size < preface.length; size += 1) {
    assert.ok(canBePreface(preface.subarray(0, size)));
    assert.ok(!isPreface(preface.subarray(0, size)));
  }
  for (const text of ['', 'POST / HTTP/1.1\r\n', 'PRI * HTTP/1.1\r\n', '\x16\x03\x01'])
    assert.ok(!canBePreface(Buffer.from(text)));
});

test('a server is told by its SETTINGS, and no greeting of another protocol is one', () => {
  assert.ok(isServerPreface(Buffer.from('000000040000000000', 'hex')));
  assert.ok(isServerPreface(Buffer.from('00001204000000000000', 'hex')));
  for (const hex of [
    '00000004000000',
    '000000040100000000',
    '000000040000000001',
    '000007040000000000',
    '4a0000000a352e372e',
  ])
    assert.ok(!isServerPreface(Buffer.from(hex, 'hex')), hex);
  assert.ok(!isServerPreface(Buffer.from('220 ready\r\n')));
});
