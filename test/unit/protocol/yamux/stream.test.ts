import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WindowBudget } from '../../../../src/protocol/yamux/receive-window.ts';
import { canSend, createYamuxStream, type YamuxStream } from '../../../../src/protocol/yamux/stream.ts';

function createEstablished(): YamuxStream {
  const stream = createYamuxStream(1, 'us', { maximumBytes: 1, budget: new WindowBudget(0), nowMs: 0 });
  stream.openingFlag = 0;
  return stream;
}

test('a new stream of ours owes a SYN, one of the other end an ACK', () => {
  const window = { maximumBytes: 1, budget: new WindowBudget(0), nowMs: 0 };
  assert.equal(createYamuxStream(1, 'us', window).openingFlag, 1);
  assert.equal(createYamuxStream(2, 'peer', window).openingFlag, 2);
});

test('canSend() is true while the opening flag is owed', () => {
  const stream = createEstablished();
  assert.equal(canSend(stream), false);
  stream.openingFlag = 1;
  assert.equal(canSend(stream), true);
});

test('canSend() needs bytes and a window for them', () => {
  const stream = createEstablished();
  stream.unsent.push(Buffer.from('x'));
  assert.equal(canSend(stream), true);
  stream.sendWindowBytes = 0;
  assert.equal(canSend(stream), false);
});

test('canSend() holds the end back until all bytes are out', () => {
  const stream = createEstablished();
  stream.sending = 'ending';
  assert.equal(canSend(stream), true);
  stream.unsent.push(Buffer.from('x'));
  stream.sendWindowBytes = 0;
  assert.equal(canSend(stream), false);
});

test('canSend() is false after the end', () => {
  const stream = createEstablished();
  stream.sending = 'ended';
  assert.equal(canSend(stream), false);
});
