import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectBytes } from '../../../agent/collect-bytes.ts';
import { createDuplexPair } from '../../support/duplex-pair.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const nothing = Buffer.alloc(0);

function start(isEnough: (bytes: Buffer) => boolean, waiting: Buffer = nothing) {
  const { a: near, b: far } = createDuplexPair();
  const clock = createFakeClock();
  const controller = new AbortController();
  const { signal } = controller;
  const collected = collectBytes(near, { waiting, isEnough, timeoutMs: 1000, clock, signal });
  return { near, far, clock, controller, collected };
}

test('collectBytes() resolves as soon as the bytes are enough, and pauses', async () => {
  const { near, far, clock, collected } = start((bytes) => bytes.includes('\n'));
  far.write('one ');
  far.write('line\nand');
  assert.equal((await collected).toString(), 'one line\nand');
  far.write(' more');
  assert.equal(near.isPaused(), true);
  assert.equal(clock.pendingTimers, 0);
  assert.deepEqual(
    [near.listenerCount('data'), near.listenerCount('end'), near.listenerCount('close')],
    [0, 0, 0],
  );
  near.resume();
  near.on('data', (chunk: Buffer) => assert.equal(chunk.toString(), ' more'));
});

test('collectBytes() asks about what has been read already, without reading', async () => {
  const { near, collected } = start((bytes) => bytes.length > 0, Buffer.from('x'));
  assert.equal((await collected).toString(), 'x');
  assert.equal(near.isPaused(), true);
});

test('collectBytes() is content with what there is at the end', async () => {
  const { far, collected } = start(() => false, Buffer.from('a'));
  far.end('b');
  assert.equal((await collected).toString(), 'ab');
});

test('collectBytes() is content with what there is after the time', async () => {
  const { far, clock, collected } = start(() => false);
  far.write('slow');
  await clock.advance(1000);
  assert.equal((await collected).toString(), 'slow');
});

test('collectBytes() ends when the stream breaks, or the signal aborts, now or earlier', async () => {
  const broken = start(() => false);
  for (const end of [broken.near, broken.far]) end.on('error', () => undefined);
  broken.near.destroy(new Error('reset'));
  assert.equal((await broken.collected).length, 0);

  const aborted = start(() => false);
  aborted.controller.abort();
  assert.equal((await aborted.collected).length, 0);

  const { near } = broken;
  const late = collectBytes(near, {
    waiting: nothing,
    isEnough: () => false,
    timeoutMs: 1000,
    clock: createFakeClock(),
    signal: AbortSignal.abort(),
  });
  assert.equal((await late).length, 0);
});
