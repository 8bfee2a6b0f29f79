import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFrames, encodeFrames } from '../../support/yamux-frames.ts';

test('frames are encoded as the specification draws them', () => {
  assert.equal(
    encodeFrames('data syn 1 "hi"').toString('hex'),
    '00' + '00' + '0001' + '00000001' + '00000002' + '6869',
  );
  assert.equal(encodeFrames('update ack+fin 258 65536').toString('hex'), '000100060000010200010000');
  assert.equal(encodeFrames('ping syn 7').toString('hex'), '000200010000000000000007');
  assert.equal(encodeFrames('goAway 1').toString('hex'), '000300000000000000000001');
});

test('describeFrames() undoes encodeFrames()', () => {
  const lines = [
    'data 3 *65536',
    'data syn+rst 1 "a b"',
    'data fin 1 ""',
    'update 9 0',
    'ping ack 1',
    'goAway 2',
  ];
  assert.deepEqual(describeFrames(encodeFrames(...lines)), lines);
});

test('describeFrames() refuses a frame that is cut off', () => {
  assert.throws(() => describeFrames(encodeFrames('data 1 "abc"').subarray(0, 14)), /cut off/);
});
