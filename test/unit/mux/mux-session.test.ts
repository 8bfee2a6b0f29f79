import assert from 'node:assert/strict';
import { once } from 'node:events';
import { duplexPair, type Duplex } from 'node:stream';
import { test } from 'node:test';
import { isToolError, type ErrorCode } from '../../../src/errors/index.ts';
import { createMuxSession, type MuxLimits, type MuxSession } from '../../../src/mux/index.ts';
import { nullLogger } from '../../../src/core/index.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { findError } from '../../support/mux-pair.ts';
import { describeFrames, encodeFrames } from '../../support/yamux-frames.ts';

interface Bench {
  readonly session: MuxSession;
  readonly clock: FakeClock;
  /** The other end of the carrier, spoken to by hand. */
  readonly wire: Duplex;
  readonly carrier: Duplex;
  readonly accepted: Duplex[];
  /** Frames that came out since the last call, after everything under way has settled. */
  readonly frames: () => Promise<string[]>;
  /** Frames arrive. */
  readonly send: (...frames: string[]) => Promise<void>;
}

interface BenchOptions {
  readonly limits?: Partial<MuxLimits>;
  readonly onStream?: (stream: Duplex) => void;
}

async function startBench({ limits = {}, onStream }: BenchOptions = {}): Promise<Bench> {
  const clock = createFakeClock();
  const [carrier, wire] = duplexPair();
  const accepted: Duplex[] = [];
  const session = createMuxSession({
    carrier,
    role: 'client',
    onStream: onStream ?? ((stream): unknown => accepted.push(stream.on('error', () => undefined))),
    clock,
    logger: nullLogger,
    limits,
  });
  const received: Buffer[] = [];
  wire.on('data', (chunk: Buffer) => received.push(chunk));
  const bench: Bench = {
    session,
    clock,
    wire,
    carrier,
    accepted,
    frames: async (): Promise<string[]> => {
      await clock.advance(0);
      await clock.advance(0);
      return describeFrames(Buffer.concat(received.splice(0)));
    },
    send: async (...frames): Promise<void> => {
      wire.write(encodeFrames(...frames));
      await clock.advance(0);
    },
  };
  assert.deepEqual(await bench.frames(), ['ping syn 0']);
  await bench.send('ping ack 0');
  return bench;
}

function hasCode(error: unknown, code: ErrorCode): void {
  assert.ok(isToolError(error, code), String(error));
}

// --- streams --------------------------------------------------------------------------------------------------------

test('what is written in one turn goes out together', async () => {
  const { session, frames } = await startBench();
  const [first, second] = [session.openStream(), session.openStream()];
  first.write('a');
  second.write('b');
  assert.deepEqual(await frames(), ['data syn 1 "a"', 'data syn 3 "b"']);
});

test('writes that wait for the carrier share a frame', async () => {
  const { session, frames } = await startBench();
  const stream = session.openStream();
  for (const text of ['a', 'b', 'c']) stream.write(text);
  stream.end();
  assert.deepEqual(await frames(), ['data syn 1 "a"', 'data 1 "bc"', 'update fin 1 0']);
});

test('a window update goes out when the application reads, not before', async () => {
  const { accepted, send, frames } = await startBench();
  await send('update syn 2 0', 'data 2 *200000');
  assert.deepEqual(await frames(), ['update ack 2 0']);
  accepted[0]?.resume();
  assert.deepEqual(await frames(), ['update 2 200000']);
});

test('destroying a stream resets it, and is forgotten on both sides', async () => {
  const { session, frames, send } = await startBench();
  const stream = session.openStream();
  assert.deepEqual(await frames(), ['update syn 1 0']);
  stream.destroy();
  assert.deepEqual(await frames(), ['update rst 1 0']);
  assert.equal(session.streamCount, 0);
  await send('data 1 "too late"');
  assert.equal(session.streamCount, 0);
});

test('a finished stream is not reset when its Duplex closes', async () => {
  const { session, frames, send } = await startBench();
  const stream = session.openStream().resume();
  stream.end();
  await frames();
  await send('update fin 1 0');
  if (!stream.closed) await once(stream, 'close');
  assert.deepEqual(await frames(), []);
  assert.equal(session.streamCount, 0);
});

test('a stream can be destroyed by the one who is given it', async () => {
  const { session, send, frames } = await startBench({ onStream: (stream) => stream.destroy() });
  await send('data syn 2 "unwanted"', 'data fin 2 "more"');
  assert.deepEqual(await frames(), ['update rst 2 0']);
  assert.equal(session.streamCount, 0);
});

test('the carrier is written to only while it has room', async () => {
  const { session, wire, carrier, frames } = await startBench();
  wire.pause();
  const stream = session.openStream();
  stream.write(Buffer.alloc(250_000, 'x'));
  await frames();
  const waiting = carrier.writableLength;
  const other = session.openStream();
  other.write('small');
  await frames();
  assert.equal(carrier.writableNeedDrain, true);
  assert.equal(carrier.writableLength, waiting);
  wire.resume();
  const all = await frames();
  // One batch of the bulk stream was out already, and one frame of it takes its turn before.
  assert.equal(all.indexOf('data syn 3 "small"'), 5);
  assert.equal(all.length, 17);
});

// --- time -----------------------------------------------------------------------------------------------------------

test('a heartbeat goes out every 5 s', async () => {
  const { clock, frames, send } = await startBench();
  await clock.advance(4_999);
  assert.deepEqual(await frames(), []);
  await clock.advance(1);
  assert.deepEqual(await frames(), ['ping syn 1']);
  await send('ping ack 1');
  await clock.advance(5_000);
  assert.deepEqual(await frames(), ['ping syn 2']);
});

test('15 s of silence end the session and its streams with TUNNEL_LOST', async () => {
  const { session, clock, carrier } = await startBench();
  const error = findError(session.openStream());
  await clock.advance(14_999);
  assert.equal(carrier.destroyed, false);
  await clock.advance(1);
  hasCode(await error, 'TUNNEL_LOST');
  const reason = await session.closed;
  hasCode(reason, 'TUNNEL_LOST');
  assert.match(reason?.message ?? '', /no sign of life for 15 s$/);
  assert.equal(carrier.destroyed, true);
  assert.equal(clock.pendingTimers, 0);
});

test('any byte is a sign of life', async () => {
  const { session, clock, send } = await startBench();
  await clock.advance(14_000);
  await send('update syn 2 0');
  await clock.advance(14_000);
  assert.equal(session.streamCount, 1);
});

test('ping() resolves with the round trip', async () => {
  const { session, clock, frames, send } = await startBench();
  const signal = new AbortController().signal;
  const pings = [session.ping({ signal }), session.ping({ signal })];
  assert.deepEqual(await frames(), ['ping syn 1']);
  await clock.advance(42);
  await send('ping ack 1');
  assert.deepEqual(await Promise.all(pings), [42, 42]);
  assert.equal(session.roundTripMs, 42);
});

test('ping() rejects with the reason of its signal', async () => {
  const { session } = await startBench();
  const controller = new AbortController();
  const reason = new Error('enough');
  const ping = session.ping({ signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(ping, reason);
  await assert.rejects(session.ping({ signal: controller.signal }), reason);
});

test('ping() rejects when the session ends', async () => {
  const { session } = await startBench();
  const { signal } = new AbortController();
  const isClosed = (error: unknown): boolean => isToolError(error, 'MUX_CLOSED');
  const rejected = assert.rejects(session.ping({ signal }), isClosed);
  session.destroy();
  await rejected;
  await assert.rejects(session.ping({ signal }), isClosed);
});

// --- closing --------------------------------------------------------------------------------------------------------

test('close() says go away, waits for streams, ends the carrier', async () => {
  const { session, clock, wire, frames, send } = await startBench();
  const stream = session.openStream();
  stream.on('error', () => undefined).resume();
  stream.end();
  await frames();
  const closing = session.close();
  assert.deepEqual(await frames(), ['goAway 0']);
  assert.throws(
    () => session.openStream(),
    (error) => isToolError(error, 'MUX_CLOSED'),
  );
  await send('data fin 1 "answer"');
  await clock.advance(0);
  assert.equal(wire.readableEnded, true);
  wire.end();
  await closing;
  assert.equal(await session.closed, undefined);
  assert.equal(clock.pendingTimers, 0);
});

test('close() resets what is open after 5 s', async () => {
  const { session, clock, wire, frames } = await startBench({ limits: { heartbeatMs: Infinity } });
  const stream = session.openStream();
  await frames();
  const error = findError(stream);
  const closing = session.close();
  await clock.advance(4_999);
  assert.deepEqual(await frames(), ['goAway 0']);
  await clock.advance(1);
  hasCode(await error, 'MUX_CLOSED');
  assert.deepEqual(await frames(), ['update rst 1 0']);
  wire.end();
  await closing;
  assert.equal(await session.closed, undefined);
});

test('close() does not wait for an end that does not close its side', async () => {
  const { session, clock, carrier } = await startBench();
  const closing = session.close();
  await clock.advance(999);
  assert.equal(carrier.destroyed, false);
  await clock.advance(1);
  await closing;
  assert.equal(carrier.destroyed, true);
  assert.equal(clock.pendingTimers, 0);
});

test('close() after the end resolves at once', async () => {
  const { session } = await startBench();
  session.destroy();
  await session.close();
  await session[Symbol.asyncDispose]();
});

test('destroy() during close() ends at once, with its reason', async () => {
  const { session } = await startBench();
  const error = findError(session.openStream());
  const closing = session.close();
  const reason = new Error('enough');
  session.destroy(reason);
  assert.equal(await error, reason);
  await closing;
  assert.equal(await session.closed, reason);
});

test('a close of the other end is a normal end', async () => {
  const { session, wire, send } = await startBench();
  await send('goAway 0');
  wire.end();
  assert.equal(await session.closed, undefined);
});

test('the end of the carrier without go away is a loss', async () => {
  const { session, wire } = await startBench();
  const error = findError(session.openStream());
  wire.end();
  hasCode(await error, 'TUNNEL_LOST');
  hasCode(await session.closed, 'TUNNEL_LOST');
});

test('the end of the carrier with streams open is a loss, go away or not', async () => {
  const { session, wire, send } = await startBench();
  const error = findError(session.openStream());
  await send('goAway 0');
  wire.end();
  hasCode(await error, 'TUNNEL_LOST');
  hasCode(await session.closed, 'TUNNEL_LOST');
});

test('an error of the carrier is a loss with its cause', async () => {
  const { session, carrier } = await startBench();
  const cause = new Error('read ECONNRESET');
  carrier.destroy(cause);
  const reason = await session.closed;
  hasCode(reason, 'TUNNEL_LOST');
  assert.equal(reason?.cause, cause);
});

test('a carrier that closes without a word is a loss', async () => {
  const { session, carrier } = await startBench();
  carrier.destroy();
  hasCode(await session.closed, 'TUNNEL_LOST');
});

test('a carrier that is gone already is a loss', async () => {
  const [carrier] = duplexPair();
  carrier.destroy();
  await once(carrier, 'close');
  const clock = createFakeClock();
  const session = createMuxSession({
    carrier,
    role: 'client',
    onStream: (stream) => stream.destroy(),
    clock,
    logger: nullLogger,
  });
  hasCode(await session.closed, 'TUNNEL_LOST');
  assert.equal(clock.pendingTimers, 0);
});

test('a violation is answered with go away 1 and ends the session', async () => {
  const { session, wire, send, frames, clock } = await startBench();
  const error = findError(session.openStream());
  await frames();
  await send('update syn 3 0');
  assert.deepEqual(await frames(), ['goAway 1']);
  hasCode(await error, 'MUX_PROTOCOL');
  wire.end();
  hasCode(await session.closed, 'MUX_PROTOCOL');
  assert.equal(clock.pendingTimers, 0);
});

test('an error that the other end reports ends the session', async () => {
  const { session, send } = await startBench();
  await send('goAway 2');
  hasCode(await session.closed, 'MUX_CLOSED');
});

test('nothing is left on the carrier but the listener for late errors', async () => {
  const { session, carrier } = await startBench();
  session.destroy();
  await session.closed;
  const events = ['data', 'drain', 'end', 'close', 'error'];
  assert.deepEqual(
    events.map((event) => carrier.listenerCount(event)),
    [0, 0, 0, 0, 1],
  );
});

test('streams that have ended can be collected', async () => {
  const { session, send, frames } = await startBench();
  const seen = new WeakRef(session.openStream().resume());
  seen.deref()?.end();
  await frames();
  await send('update fin 1 0');
  await frames();
  assert.equal(session.streamCount, 0);
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--expose-gc');
  const { runInNewContext } = await import('node:vm');
  (runInNewContext('gc') as () => void)();
  assert.equal(seen.deref(), undefined);
});
