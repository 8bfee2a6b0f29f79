import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { relay } from '../../../src/net/index.ts';
import { createDuplexPair } from '../../support/duplex-pair.ts';
import { record } from '../../support/sockets.ts';

// Streams that are not sockets, as those of the multiplexer. With real sockets: test/integration/net/relay.test.ts.

test('relay() joins any two streams and leaves no listener on the signal', async () => {
  const [west, east] = [createDuplexPair(), createDuplexPair()];
  const { signal } = new AbortController();
  const result = relay(west.b, east.a, { signal });
  const [left, right] = [record(west.a), record(east.b)];
  west.a.end('to the right');
  east.b.once('end', () => east.b.end('to the left'));
  assert.deepEqual(await result, { bytesAToB: 12, bytesBToA: 11, endedBy: 'a', isComplete: true });
  assert.equal(left.text(), 'to the left');
  assert.equal(right.text(), 'to the right');
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('relay() destroys the other stream with an error when one breaks', async () => {
  const [west, east] = [createDuplexPair(), createDuplexPair()];
  const result = relay(west.b, east.a, { signal: new AbortController().signal });
  const [left, right] = [record(west.a), record(east.b)];
  west.a.destroy(new Error('broken'));
  assert.deepEqual(await result, { bytesAToB: 0, bytesBToA: 0, endedBy: 'a', isComplete: false });
  await left.closed;
  await right.closed;
  assert.deepEqual(right.events, ['NET_RESET', 'close']);
});

test('relay() takes a stream that is closed before its end for broken', async () => {
  const [west, east] = [createDuplexPair(), createDuplexPair()];
  const result = relay(west.b, east.a, { signal: new AbortController().signal });
  const right = record(east.b);
  west.b.destroy();
  assert.equal((await result).isComplete, false);
  await right.closed;
  assert.deepEqual(right.events, ['NET_RESET', 'close']);
});

test('relay() with a signal that has aborted breaks both streams', async () => {
  const [west, east] = [createDuplexPair(), createDuplexPair()];
  record(west.a);
  record(east.b);
  const result = await relay(west.b, east.a, { signal: AbortSignal.abort() });
  assert.deepEqual(result, { bytesAToB: 0, bytesBToA: 0, endedBy: 'signal', isComplete: false });
});

test('relay() passes on an end that came before it', async () => {
  const [west, east] = [createDuplexPair(), createDuplexPair()];
  const right = record(east.b);
  west.a.end();
  west.b.resume();
  await new Promise((resolve) => west.b.once('end', resolve));
  const result = relay(west.b, east.a, { signal: new AbortController().signal });
  record(west.a);
  east.b.end('answer');
  assert.deepEqual(await result, { bytesAToB: 0, bytesBToA: 6, endedBy: 'a', isComplete: true });
  assert.deepEqual(right.events, ['end', 'close']);
});

test('relay() starts a stream that was paused, with what was put back into it', async () => {
  const [west, east] = [createDuplexPair(), createDuplexPair()];
  const right = record(east.b);
  record(west.a);
  west.b.pause();
  west.b.unshift(Buffer.from('first '));
  const result = relay(west.b, east.a, { signal: new AbortController().signal });
  west.a.end('second');
  east.b.end();
  assert.equal((await result).isComplete, true);
  assert.equal(right.text(), 'first second');
});
