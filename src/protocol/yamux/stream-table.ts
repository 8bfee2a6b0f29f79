/**
 * The streams of a session by id: numbers ours, checks the numbers of theirs, holds both to the limit, and owns the
 * budget that their receive windows grow from.
 *
 * @see specification, "StreamID Field"
 */
import { raise } from '../../errors/index.ts';
import { maximumUint32, violation } from './frame.ts';
import type { YamuxLimits } from './limits.ts';
import { WindowBudget } from './receive-window.ts';
import { createYamuxStream, type YamuxStream } from './stream.ts';

export type Role = 'client' | 'server';

export class StreamTable {
  readonly #limits: YamuxLimits;
  readonly #windowBudget: WindowBudget;
  readonly #streams = new Map<number, YamuxStream>();
  readonly #counts = { us: 0, peer: 0 };
  /** The next of our ids; the client's are odd, the server's even. */
  #nextId: number;
  /** The highest id that the other end has opened. */
  #highestPeerId = 0;

  constructor(role: Role, limits: YamuxLimits) {
    this.#limits = limits;
    this.#windowBudget = new WindowBudget(limits.sessionWindowGrowthBytes);
    this.#nextId = role === 'client' ? 1 : 2;
  }

  get size(): number {
    return this.#streams.size;
  }

  get(streamId: number): YamuxStream | undefined {
    return this.#streams.get(streamId);
  }

  /**
   * Adds a stream of ours.
   *
   * @throws {MUX_STREAM_LIMIT} when the limit is reached. @throws {MUX_CLOSED} when all ids are used up.
   */
  open(nowMs: number): YamuxStream {
    const limit = this.#limits.maximumStreams;
    if (this.#counts.us >= limit) raise('MUX_STREAM_LIMIT', { limit });
    if (this.#nextId > maximumUint32) raise('MUX_CLOSED', { reason: 'all stream ids are used up' });
    const stream = this.#add(this.#nextId, 'us', nowMs);
    this.#nextId += 2;
    return stream;
  }

  /** Notes that the other end sent SYN for `streamId`. @throws {MUX_PROTOCOL} when it may not use this id. */
  announce(streamId: number): void {
    if (this.#isOurs(streamId)) violation(`it opened stream ${streamId}, which is not its to number`);
    if (this.#streams.has(streamId)) violation(`it opened stream ${streamId} twice`);
    this.#highestPeerId = Math.max(this.#highestPeerId, streamId);
  }

  /** Adds the announced stream of the other end, or returns undefined when the limit is reached. */
  accept(streamId: number, nowMs: number): YamuxStream | undefined {
    return this.#counts.peer < this.#limits.maximumStreams ? this.#add(streamId, 'peer', nowMs) : undefined;
  }

  /** Tells whether some frame opened `streamId`, however long ago. */
  wasOpened(streamId: number): boolean {
    return this.#isOurs(streamId) ? streamId < this.#nextId : streamId <= this.#highestPeerId;
  }

  delete(stream: YamuxStream): void {
    this.#streams.delete(stream.id);
    this.#counts[stream.openedBy] -= 1;
    stream.receiveWindow.release();
  }

  clear(): void {
    for (const stream of this.#streams.values()) this.delete(stream);
  }

  #add(streamId: number, openedBy: YamuxStream['openedBy'], nowMs: number): YamuxStream {
    const stream = createYamuxStream(streamId, openedBy, {
      maximumBytes: this.#limits.maximumWindowBytes,
      budget: this.#windowBudget,
      nowMs,
    });
    this.#streams.set(streamId, stream);
    this.#counts[openedBy] += 1;
    return stream;
  }

  #isOurs(streamId: number): boolean {
    return streamId % 2 === this.#nextId % 2;
  }
}
