import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isToolError } from '../../../../src/errors/index.ts';
import { frameTypes, type FrameHeader } from '../../../../src/protocol/yamux/frame.ts';
import { WindowBudget } from '../../../../src/protocol/yamux/receive-window.ts';
import { maximumWaitingAnswers, SendQueue } from '../../../../src/protocol/yamux/send-queue.ts';
import { createYamuxStream, type YamuxStream } from '../../../../src/protocol/yamux/stream.ts';
import { describeFrames } from '../../../support/yamux-frames.ts';

const KiB = 1024;
const ping: FrameHeader = { type: frameTypes.ping, flags: 1, streamId: 0, length: 7 };

function createStream(id: number, unsentBytes = 0): YamuxStream {
  const stream = createYamuxStream(id, 'us', { maximumBytes: 1, budget: new WindowBudget(0), nowMs: 0 });
  stream.openingFlag = 0;
  stream.unsent.push(Buffer.alloc(unsentBytes, 'x'));
  return stream;
}

interface Taken {
  readonly frames: string[];
  readonly chunks: Buffer[];
  readonly written: number[];
  readonly finished: number[];
}

function take(queue: SendQueue, maximumBytes = Infinity): Taken {
  const chunks: Buffer[] = [];
  const written: number[] = [];
  const finished: number[] = [];
  queue.take(maximumBytes, {
    chunks,
    written: ({ id }) => written.push(id),
    finished: ({ id }) => finished.push(id),
  });
  return { frames: describeFrames(Buffer.concat(chunks)), chunks, written, finished };
}

test('control frames go first, then window updates, then data', () => {
  const queue = new SendQueue();
  const stream = createStream(1, 3);
  stream.receiveWindow.charge(10);
  stream.receiveWindow.consume(10, 0, undefined);
  queue.schedule(stream);
  queue.addUpdate(stream);
  queue.addControl(ping);
  assert.deepEqual(take(queue).frames, ['ping syn 7', 'update 1 10', 'data 1 "xxx"']);
  assert.equal(queue.isEmpty, true);
});

test('streams take turns, one frame each', () => {
  const queue = new SendQueue();
  for (const id of [1, 3]) queue.schedule(createStream(id, 40_000));
  queue.schedule(createStream(5, 5));
  const { frames, written } = take(queue);
  assert.deepEqual(frames, [
    'data 1 *16372',
    'data 3 *16372',
    'data 5 "xxxxx"',
    'data 1 *16372',
    'data 3 *16372',
    'data 1 *7256',
    'data 3 *7256',
  ]);
  assert.deepEqual(written, [5, 1, 3]);
});

test('a new stream waits for one frame of a bulk stream at most', () => {
  const queue = new SendQueue();
  queue.schedule(createStream(1, 50_000));
  assert.deepEqual(take(queue, 1).frames, ['data 1 *16372']);
  queue.schedule(createStream(3, 1));
  assert.deepEqual(take(queue, 16_384 + 13).frames, ['data 1 *16372', 'data 3 "x"']);
});

test('a batch ends with the frame that reaches its size', () => {
  const queue = new SendQueue();
  queue.addControl(ping);
  for (const id of [1, 3, 5]) queue.schedule(createStream(id, 40));
  assert.equal(take(queue, 1).frames.length, 1);
  assert.equal(take(queue, 52).frames.length, 1);
  assert.equal(take(queue, 53).frames.length, 2);
});

test('data stops at the send window and goes on when it has grown', () => {
  const queue = new SendQueue();
  const stream = createStream(1, 10);
  stream.sendWindowBytes = 4;
  queue.schedule(stream);
  assert.deepEqual(take(queue).frames, ['data 1 "xxxx"']);
  assert.equal(queue.isEmpty, true);
  queue.schedule(stream);
  assert.equal(queue.isEmpty, true);
  stream.sendWindowBytes += 100;
  queue.schedule(stream);
  const { frames, written } = take(queue);
  assert.deepEqual([frames, written], [['data 1 "xxxxxx"'], [1]]);
});

test('the end rides on the last data, or goes alone', () => {
  const queue = new SendQueue();
  const [withData, alone] = [createStream(1, 2), createStream(3)];
  withData.sending = 'ending';
  alone.sending = 'ending';
  queue.schedule(withData);
  queue.schedule(alone);
  const { frames, written, finished } = take(queue);
  assert.deepEqual(frames, ['data fin 1 "xx"', 'update fin 3 0']);
  assert.deepEqual([written, finished], [[1], [1, 3]]);
  assert.deepEqual([withData.sending, alone.sending], ['ended', 'ended']);
});

test('the opening flag goes out once, with whatever comes first', () => {
  const queue = new SendQueue();
  const [withData, alone, withUpdate] = [createStream(1, 2), createStream(3), createStream(5)];
  for (const stream of [withData, alone, withUpdate]) {
    stream.openingFlag = 1;
    queue.schedule(stream);
  }
  queue.addUpdate(withUpdate);
  assert.deepEqual(take(queue).frames, ['update syn 5 0', 'data syn 1 "xx"', 'update syn 3 0']);
  assert.equal(queue.isEmpty, true);
});

test('no window is granted after the other end has ended', () => {
  const queue = new SendQueue();
  const stream = createStream(1);
  stream.receiveWindow.charge(10);
  stream.receiveWindow.consume(10, 0, undefined);
  stream.receiving = 'ended';
  stream.sending = 'ending';
  queue.schedule(stream);
  assert.deepEqual(take(queue).frames, ['update fin 1 0']);
});

test('large payload is not copied, small payload is joined to its header', () => {
  const queue = new SendQueue();
  const stream = createStream(1);
  const large = Buffer.alloc(4 * KiB, 'x');
  stream.unsent.push(large);
  queue.schedule(stream);
  const { chunks } = take(queue);
  assert.deepEqual(
    chunks.map((chunk) => chunk.length),
    [12, 4 * KiB],
  );
  assert.equal(chunks[1]?.buffer, large.buffer);
  for (const text of ['a', 'bc', 'def']) stream.unsent.push(Buffer.from(text));
  queue.schedule(stream);
  const small = take(queue);
  assert.equal(small.chunks.length, 1);
  assert.deepEqual(small.frames, ['data 1 "abcdef"']);
});

test('a removed stream sends nothing', () => {
  const queue = new SendQueue();
  const stream = createStream(1, 2);
  queue.schedule(stream);
  queue.addUpdate(stream);
  queue.remove(stream);
  assert.equal(queue.isEmpty, true);
  assert.deepEqual(take(queue).frames, []);
});

test('clear() drops everything', () => {
  const queue = new SendQueue();
  queue.addControl(ping);
  queue.schedule(createStream(1, 2));
  queue.addUpdate(createStream(3));
  queue.clear();
  assert.equal(queue.isEmpty, true);
});

test('answers that nobody reads are a violation beyond the limit', () => {
  const queue = new SendQueue();
  for (let count = 0; count < maximumWaitingAnswers; count += 1) queue.addAnswer(ping);
  assert.throws(
    () => queue.addAnswer(ping),
    (error) => isToolError(error, 'MUX_PROTOCOL'),
  );
  take(queue);
  queue.addAnswer(ping);
});
