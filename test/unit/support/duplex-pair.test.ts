import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDuplexPair } from '../../support/duplex-pair.ts';
import { record } from '../../support/sockets.ts';

test('bytes and ends cross the pair in both directions', async () => {
  const { a, b } = createDuplexPair();
  const [atA, atB] = [record(a), record(b)];
  a.end('to b');
  b.once('end', () => b.end('to a'));
  await Promise.all([atA.closed, atB.closed]);
  assert.equal(atA.text(), 'to a');
  assert.equal(atB.text(), 'to b');
});

test('a writer waits until the other end reads', async () => {
  const { a, b } = createDuplexPair();
  assert.equal(a.write(Buffer.alloc(1_000_000)), false);
  assert.ok(a.writableLength > 0);
  const drained = new Promise((resolve) => a.once('drain', resolve));
  b.resume();
  await drained;
  assert.equal(a.writableLength, 0);
});

test('an error at one end arrives at the other', async () => {
  const { a, b } = createDuplexPair();
  const [atA, atB] = [record(a), record(b)];
  a.destroy(new Error('broken'));
  await Promise.all([atA.closed, atB.closed]);
  assert.deepEqual(atB.events, ['broken', 'close']);
});
