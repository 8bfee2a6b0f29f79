/**
 * Two sessions talk over an ordered, lossless pipe while a random schedule opens, writes, reads, ends and resets streams
 * and moves random amounts of bytes. However it goes: what is delivered is a prefix of what was sent, no window is ever
 * exceeded, neither session fails, and when both applications end their streams everything is delivered and forgotten.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { YamuxSession, type Effect } from '../../../../src/protocol/yamux/index.ts';
import { playbookLimits } from '../../../support/yamux-playbook.ts';

const KiB = 1024;
/** The bytes of every half stream, over and over; a prime length, so that a lost or doubled frame shows. */
const pattern = Buffer.from(
  Array.from({ length: 65_521 }, (_, index) => (index * 131 + (index >> 8)) & 0xff),
);

function patternAt(offset: number, sizeBytes: number): Buffer {
  const start = offset % pattern.length;
  const first = pattern.subarray(start, start + sizeBytes);
  return first.length === sizeBytes
    ? first
    : Buffer.concat([first, patternAt(offset + first.length, sizeBytes - first.length)]);
}

/** One application's view of one stream. */
interface Half {
  writtenBytes: number;
  isWriting: boolean;
  hasEnded: boolean;
  receivedBytes: number;
  unreadBytes: number;
  hasPeerEnded: boolean;
}

class Side {
  readonly session: YamuxSession;
  readonly streams = new Map<number, Half>();
  /** Streams that this application has reset. */
  readonly resets = new Set<number>();
  /** What has come to an end without reset, by stream. */
  readonly finished = new Map<number, Half>();
  /** Bytes on their way to the other side. */
  wire: Buffer = Buffer.alloc(0);

  readonly #maximumWindowBytes: number;

  constructor(role: 'client' | 'server', maximumWindowBytes: number) {
    this.#maximumWindowBytes = maximumWindowBytes;
    this.session = new YamuxSession({ role, limits: { ...playbookLimits, maximumWindowBytes }, nowMs: 0 });
  }

  pick(index: number): [number, Half] | undefined {
    return [...this.streams][index % Math.max(1, this.streams.size)];
  }

  add(streamId: number): void {
    this.streams.set(streamId, {
      writtenBytes: 0,
      isWriting: false,
      hasEnded: false,
      receivedBytes: 0,
      unreadBytes: 0,
      hasPeerEnded: false,
    });
  }

  write(streamId: number, half: Half, sizeBytes: number): void {
    if (half.isWriting || half.hasEnded || sizeBytes === 0) return;
    this.session.write(streamId, [patternAt(half.writtenBytes, sizeBytes)]);
    half.writtenBytes += sizeBytes;
    half.isWriting = true;
  }

  end(streamId: number, half: Half): void {
    half.hasEnded = true;
    this.session.end(streamId);
  }

  reset(streamId: number): void {
    this.resets.add(streamId);
    this.streams.delete(streamId);
    this.perform(this.session.reset(streamId));
  }

  read(streamId: number, half: Half, sizeBytes: number, nowMs: number): void {
    half.unreadBytes -= sizeBytes;
    this.session.consume(streamId, sizeBytes, nowMs);
  }

  take(maximumBytes: number): void {
    const { chunks, effects } = this.session.take(maximumBytes);
    this.wire = Buffer.concat([this.wire, ...chunks]);
    this.perform(effects);
  }

  perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#performOne(effect);
  }

  #performOne(effect: Effect): void {
    assert.notEqual(effect.kind, 'failed');
    if (effect.kind === 'opened') this.add(effect.streamId);
    if (!('streamId' in effect)) return;
    const half = this.streams.get(effect.streamId);
    // Reset by this application: what was under way is dropped.
    if (half === undefined) return;
    if (effect.kind === 'data') {
      assert.ok(
        effect.bytes.equals(patternAt(half.receivedBytes, effect.bytes.length)),
        'a prefix of what was sent',
      );
      half.receivedBytes += effect.bytes.length;
      half.unreadBytes += effect.bytes.length;
      assert.ok(half.unreadBytes <= this.#maximumWindowBytes, 'unread bytes stay within the window');
    }
    if (effect.kind === 'ended') half.hasPeerEnded = true;
    if (effect.kind === 'written') half.isWriting = false;
    if (effect.kind === 'closed') this.finished.set(effect.streamId, half);
    if (effect.kind === 'closed' || effect.kind === 'reset') this.streams.delete(effect.streamId);
  }
}

const actions = fc.array(
  fc.record({
    kind: fc.constantFrom(
      'open',
      'write',
      'write',
      'read',
      'read',
      'end',
      'reset',
      'take',
      'take',
      'deliver',
      'deliver',
    ),
    side: fc.nat({ max: 1 }),
    stream: fc.nat({ max: 7 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { minLength: 20, maxLength: 300 },
);
type Action = typeof actions extends fc.Arbitrary<(infer T)[]> ? T : never;

function deliver(from: Side, to: Side, sizeBytes: number, nowMs: number): void {
  to.perform(to.session.receive(from.wire.subarray(0, sizeBytes), nowMs));
  from.wire = from.wire.subarray(sizeBytes);
}

function act(sides: readonly [Side, Side], { kind, side, stream, share }: Action, nowMs: number): void {
  const [here, there] = side === 0 ? sides : [sides[1], sides[0]];
  if (kind === 'take') here.take(Math.floor(400 * KiB * share));
  if (kind === 'deliver') deliver(here, there, Math.floor(here.wire.length * share), nowMs);
  if (kind === 'open' && here.streams.size < playbookLimits.maximumStreams)
    here.add(here.session.open(nowMs));
  const [streamId, half] = here.pick(stream) ?? [];
  if (streamId === undefined || half === undefined) return;
  if (kind === 'write') here.write(streamId, half, Math.floor(600 * KiB * share));
  else if (kind === 'read') here.read(streamId, half, Math.floor(half.unreadBytes * share), nowMs);
  else if (kind === 'end') here.end(streamId, half);
  // A reset now and then is interesting, most streams ending by it is not.
  else if (kind === 'reset' && share < 0.2) here.reset(streamId);
}

/** Both applications end their streams and read everything, and all bytes arrive. */
function settle(sides: readonly [Side, Side], nowMs: number): void {
  const [a, b] = sides;
  // A window of 256 KiB and a write of at most 600 KiB per stream: a few rounds are enough.
  for (let round = 0; round < 20; round += 1) {
    for (const side of sides) {
      for (const [streamId, half] of side.streams) {
        if (!half.hasEnded) side.end(streamId, half);
        side.read(streamId, half, half.unreadBytes, nowMs);
      }
      side.take(Infinity);
    }
    deliver(a, b, a.wire.length, nowMs);
    deliver(b, a, b.wire.length, nowMs);
  }
}

test('two sessions agree, whatever the schedule', () => {
  fc.assert(
    fc.property(actions, fc.constantFrom(256 * KiB, 1024 * KiB), (schedule, maximumWindowBytes) => {
      const sides = [new Side('client', maximumWindowBytes), new Side('server', maximumWindowBytes)] as const;
      let nowMs = 0;
      for (const action of schedule) {
        nowMs += 5 * action.share;
        act(sides, action, nowMs);
      }
      settle(sides, nowMs);
      const [a, b] = sides;
      assert.deepEqual([a.session.streamCount, b.session.streamCount], [0, 0]);
      assert.deepEqual([a.streams.size, b.streams.size], [0, 0]);
      for (const streamId of new Set([...a.finished.keys(), ...b.finished.keys()])) {
        // One application can have seen the end of a stream that the other one resets.
        if (a.resets.has(streamId) || b.resets.has(streamId)) continue;
        const [ours, theirs] = [a.finished.get(streamId), b.finished.get(streamId)];
        assert.ok(ours !== undefined && theirs !== undefined, 'both see the end');
        assert.deepEqual(
          [ours.receivedBytes, theirs.receivedBytes],
          [theirs.writtenBytes, ours.writtenBytes],
        );
      }
    }),
    { numRuns: 300 },
  );
});
