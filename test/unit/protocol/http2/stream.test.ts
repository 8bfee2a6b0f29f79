import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Http2Stream } from '../../../../src/protocol/http2/stream.ts';

test('content comes out in its order, in parts as large as asked for', () => {
  const stream = new Http2Stream(1);
  for (const text of ['one', 'two', 'x'.repeat(5000)]) stream.enqueue(Buffer.from(text));
  const parts: string[] = [];
  while (stream.waitingBytes > 0) parts.push(stream.dequeue(4).toString());
  assert.ok(parts.every(({ length }) => length <= 4));
  assert.equal(parts.join(''), `onetwo${'x'.repeat(5000)}`);
});

test('small pieces are put together, and do not keep the chunk that they came in', () => {
  const stream = new Http2Stream(1);
  const chunk = Buffer.alloc(65_536, 'a');
  for (let index = 0; index < 100; index += 1) stream.enqueue(chunk.subarray(index, index + 1));
  const piece = stream.dequeue(1000);
  assert.deepEqual([piece.length, piece.buffer === chunk.buffer], [100, false]);
});

test('nothing waits on a closed stream', () => {
  const stream = new Http2Stream(1);
  stream.enqueue(Buffer.from('x'));
  stream.close();
  assert.deepEqual([stream.waitingBytes, stream.isClosed], [0, true]);
});
