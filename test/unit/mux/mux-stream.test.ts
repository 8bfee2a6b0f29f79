import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { isToolError } from '../../../src/errors/index.ts';
import { MuxStream, writeBufferBytes, type StreamPort } from '../../../src/mux/mux-stream.ts';

const KiB = 1024;

/** A session that writes down what its stream asks for. */
function createStream(): { stream: MuxStream; calls: string[]; read: () => number } {
  const calls: string[] = [];
  let readBytes = 0;
  const port: StreamPort = {
    write: (id, chunks) => calls.push(`write ${id} ${chunks.map(String).join('|')}`),
    end: (id) => calls.push(`end ${id}`),
    forget: (id) => calls.push(`forget ${id}`),
    consume: (_id, sizeBytes) => (readBytes += sizeBytes),
  };
  return { stream: new MuxStream(5, port), calls, read: (): number => readBytes };
}

/** Lets ticks and promise callbacks run. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

test('one write is handed over at a time, and those that wait go together', () => {
  const { stream, calls } = createStream();
  for (const text of ['a', 'b', 'c']) stream.write(text);
  assert.deepEqual(calls, ['write 5 a']);
  stream.settleWrite();
  assert.deepEqual(calls, ['write 5 a', 'write 5 b|c']);
});

test('write() returns false when the buffer is full, and drain follows when it is empty', async () => {
  const { stream } = createStream();
  assert.equal(stream.write(Buffer.alloc(writeBufferBytes - 1)), true);
  assert.equal(stream.write('x'), false);
  const drained = once(stream, 'drain');
  stream.settleWrite();
  stream.settleWrite();
  await drained;
});

test('the end is handed over after the last write, and finish waits for it to be settled', async () => {
  const { stream, calls } = createStream();
  stream.end('last');
  await settle();
  assert.deepEqual(calls, ['write 5 last']);
  stream.settleWrite();
  await settle();
  assert.deepEqual(calls, ['write 5 last', 'end 5']);
  assert.equal(stream.writableFinished, false);
  const finished = once(stream, 'finish');
  stream.settleEnd();
  await finished;
});

test('bytes count as read when a data listener gets them', async () => {
  const { stream, read } = createStream();
  stream.on('data', () => undefined);
  await settle();
  stream.deliver(Buffer.alloc(1_000));
  assert.equal(read(), 1_000);
});

test('bytes do not count as read while nobody takes them, however many', async () => {
  const { stream, read } = createStream();
  for (let count = 0; count < 4; count += 1) stream.deliver(Buffer.alloc(64 * KiB));
  await settle();
  assert.equal(read(), 0);
  assert.equal(stream.readableLength, 256 * KiB);
});

test('bytes count as read when read() takes all at once', () => {
  const { stream, read } = createStream();
  for (let count = 0; count < 4; count += 1) stream.deliver(Buffer.alloc(64 * KiB));
  assert.equal((stream.read() as Buffer).length, 256 * KiB);
  assert.equal(read(), 256 * KiB);
});

test('bytes count as read as far as read(size) takes them', () => {
  const { stream, read } = createStream();
  stream.deliver(Buffer.alloc(100));
  stream.read(30);
  assert.equal(read(), 30);
  stream.read(70);
  assert.equal(read(), 100);
});

test('bytes count as read when an iterator takes them', async () => {
  const { stream, read } = createStream();
  const iterator = stream[Symbol.asyncIterator]();
  for (const text of ['one', 'two']) {
    stream.deliver(Buffer.from(text));
    assert.equal(String((await iterator.next()).value), text);
  }
  assert.equal(read(), 6);
});

test('pausing stops the counting, resuming goes on with it', async () => {
  const { stream, read } = createStream();
  stream.on('data', () => undefined);
  await settle();
  stream.pause();
  stream.deliver(Buffer.alloc(10));
  await settle();
  assert.equal(read(), 0);
  stream.resume();
  await settle();
  assert.equal(read(), 10);
});

test('a reader that is waiting gets a view, not a copy', async () => {
  const { stream } = createStream();
  const chunk = Buffer.alloc(64 * KiB);
  const data = once(stream, 'data');
  await settle();
  stream.deliver(chunk.subarray(0, 5));
  assert.equal(((await data)[0] as Buffer).buffer, chunk.buffer);
});

test('a few bytes that wait do not keep a large chunk alive', () => {
  const { stream } = createStream();
  stream.deliver(Buffer.alloc(64 * KiB).subarray(0, 5));
  assert.ok((stream.read() as Buffer).buffer.byteLength <= 8 * KiB);
});

test('a large part of a chunk waits as a view', () => {
  const { stream } = createStream();
  const chunk = Buffer.alloc(64 * KiB);
  stream.deliver(chunk.subarray(0, 16 * KiB));
  assert.equal((stream.read() as Buffer).buffer, chunk.buffer);
});

test('the end of the other end leaves the stream writable', async () => {
  const { stream, calls } = createStream();
  stream.resume();
  stream.deliverEnd();
  await once(stream, 'end');
  assert.equal(stream.destroyed, false);
  stream.write('late');
  assert.deepEqual(calls, ['write 5 late']);
});

test('after both ends the stream is destroyed without error', async () => {
  const { stream, calls } = createStream();
  stream.resume().end();
  stream.deliverEnd();
  await settle();
  stream.settleEnd();
  await once(stream, 'close');
  assert.equal(stream.errored, null);
  assert.deepEqual(calls, ['end 5', 'forget 5']);
});

test('destroy() fails the write and the end that are under way', async () => {
  const { stream, calls } = createStream();
  const reason = new Error('enough');
  const failed = new Promise((resolve) => stream.write('x', resolve));
  const ended = new Promise((resolve) => stream.end(resolve));
  stream.on('error', () => undefined).destroy(reason);
  assert.equal(await failed, reason);
  assert.ok((await ended) instanceof Error);
  assert.deepEqual(calls, ['write 5 x', 'forget 5']);
});

test('destroy() without a reason fails the write with MUX_CLOSED', async () => {
  const { stream } = createStream();
  const failed = new Promise((resolve) => stream.write('x', resolve));
  stream.destroy();
  assert.ok(isToolError(await failed, 'MUX_CLOSED'));
});

test('what arrives after destroy() is dropped', () => {
  const { stream } = createStream();
  stream.destroy();
  stream.deliver(Buffer.from('late'));
  stream.deliverEnd();
  stream.settleWrite();
  stream.settleEnd();
});
