/**
 * The yamux session as a state machine without I/O: bytes and commands in, effects out, time as an argument. It opens,
 * feeds, ends and resets streams, keeps both flow-control windows of each, and answers what the other end may demand.
 *
 * It has no sockets, no timers and no Node streams; those are in `src/mux`, which performs the {@link Effect}s, calls
 * {@link YamuxSession.take} whenever the carrier has room, and {@link YamuxSession.expire} when `dueMs` has come. Bytes to
 * send are pulled, never pushed: a slow carrier holds back the writers and nothing piles up here.
 *
 * Where the specification leaves a choice:
 * - SYN and ACK ride on the first frame of a stream, which is a data frame when data is there in time.
 * - A frame of a stream that is forgotten is dropped; one of a stream that never was is a violation, except RST.
 * - New stream ids need not ascend: go-yamux numbers streams before it queues their SYN.
 * - Data after FIN, a second FIN and a send window beyond 32 bits are violations.
 * - After any violation: go away 1, and nothing more.
 *
 * @see https://github.com/hashicorp/yamux/blob/d74828474340c459f877a3b6ae77d8899fefc9cc/spec.md (protocol version 0)
 */
import { createError, isToolError, raise, type ToolError } from '../../errors/index.ts';
import { FrameDecoder, type FramePart } from './decoder.ts';
import type { Effect, Transmission } from './effects.ts';
import {
  frameFlags,
  frameTypes,
  goAwayCodes,
  maximumUint32,
  sessionStreamId,
  violation,
  type FrameHeader,
  type GoAwayCode,
} from './frame.ts';
import { Heartbeat } from './heartbeat.ts';
import type { YamuxLimits } from './limits.ts';
import { SendQueue } from './send-queue.ts';
import { StreamTable, type Role } from './stream-table.ts';
import type { YamuxStream } from './stream.ts';

export interface YamuxSessionOptions {
  /** The client's streams have odd ids, the server's even ones. */
  readonly role: Role;
  readonly limits: YamuxLimits;
  readonly nowMs: number;
}

const goAwayErrors: Readonly<Record<number, string>> = {
  [goAwayCodes.protocolError]: 'a protocol error',
  [goAwayCodes.internalError]: 'an internal error',
};

export class YamuxSession {
  readonly #limits: YamuxLimits;
  readonly #decoder = new FrameDecoder();
  readonly #sendQueue = new SendQueue();
  readonly #heartbeat: Heartbeat;
  readonly #streams: StreamTable;
  /** Where the payload that is arriving goes; undefined while it is dropped. */
  #payloadStream: YamuxStream | undefined;
  #isGoingAway = false;
  #isPeerGoingAway = false;
  #isOver = false;

  constructor({ role, limits, nowMs }: YamuxSessionOptions) {
    this.#limits = limits;
    this.#heartbeat = new Heartbeat({ intervalMs: limits.heartbeatMs, silenceMs: limits.silenceMs, nowMs });
    this.#streams = new StreamTable(role, limits);
    // The first round trip is what windows grow by.
    this.ping(nowMs);
  }

  /** Streams that are not forgotten, of both ends. */
  get streamCount(): number {
    return this.#streams.size;
  }

  /** The last round trip in milliseconds; undefined before the first. */
  get roundTripMs(): number | undefined {
    return this.#heartbeat.roundTripMs;
  }

  /** When {@link expire} wants to be called; Infinity for never. */
  get dueMs(): number {
    return this.#isOver ? Infinity : this.#heartbeat.dueMs;
  }

  /** {@link take} would return something. */
  get hasFrames(): boolean {
    return !this.#sendQueue.isEmpty;
  }

  /**
   * Opens a stream and returns its id. Data may be written at once.
   *
   * @throws {MUX_CLOSED} when either end is going away or all ids are used up.
   * @throws {MUX_STREAM_LIMIT} when as many streams of ours as the limits allow are open.
   */
  open(nowMs: number): number {
    if (this.#isOver) raise('MUX_CLOSED', { reason: 'it has ended' });
    if (this.#isGoingAway) raise('MUX_CLOSED', { reason: 'it is closing' });
    if (this.#isPeerGoingAway) raise('MUX_CLOSED', { reason: 'the other end is closing it' });
    const stream = this.#streams.open(nowMs);
    this.#sendQueue.schedule(stream);
    return stream.id;
  }

  /**
   * Gives a stream bytes to send, in order; they must not change any more. One write at a time: the next one after the
   * effect `written`. Ignored for a forgotten stream.
   */
  write(streamId: number, chunks: readonly Buffer[]): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    for (const chunk of chunks) stream.unsent.push(chunk);
    this.#sendQueue.schedule(stream);
  }

  /** Ends the sending half after what was written (FIN). Ignored for a forgotten stream. */
  end(streamId: number): void {
    const stream = this.#streams.get(streamId);
    if (stream?.sending !== 'open') return;
    stream.sending = 'ending';
    this.#sendQueue.schedule(stream);
  }

  /** Forgets the stream at once, unsent bytes included, and tells the other end (RST). Ignored for a forgotten stream. */
  reset(streamId: number): Effect[] {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return [];
    this.#forget(stream);
    // A stream whose SYN never went out does not exist for the other end.
    if (stream.openedBy === 'us' && stream.openingFlag !== 0) return [];
    return this.#guard(() => this.#refuse(streamId));
  }

  /** The application has read `sizeBytes` of a stream, so the other end may send as much more. */
  consume(streamId: number, sizeBytes: number, nowMs: number): void {
    const stream = this.#streams.get(streamId);
    if (stream?.receiving !== 'open') return;
    const isDue = stream.receiveWindow.consume(sizeBytes, nowMs, this.#heartbeat.minimumRoundTripMs);
    if (isDue) this.#sendQueue.addUpdate(stream);
  }

  /** Sends a ping unless one is out; the effect `ponged` tells of its response. */
  ping(nowMs: number): void {
    const value = this.#isOver ? undefined : this.#heartbeat.startPing(nowMs);
    if (value === undefined) return;
    this.#sendQueue.addControl(pingFrame(frameFlags.syn, value));
  }

  /** Accepts and opens no more streams and tells the other end so; open streams go on. Idempotent. */
  goAway(): void {
    if (this.#isGoingAway || this.#isOver) return;
    this.#isGoingAway = true;
    this.#sendQueue.addControl(goAwayFrame(goAwayCodes.normalTermination));
  }

  /** Takes what the carrier brought. Never throws: a violation is the effect `failed`. */
  receive(chunk: Buffer, nowMs: number): Effect[] {
    const effects: Effect[] = [];
    if (this.#isOver) return effects;
    this.#heartbeat.received(nowMs);
    this.#decoder.push(chunk);
    const failure = this.#guard(() => {
      for (let part = this.#decoder.next(); part !== undefined; part = this.#decoder.next()) {
        if (this.#isOver) return;
        if (part.kind === 'header') this.#onHeader(part.header, nowMs, effects);
        else this.#onPayload(part, effects);
      }
    });
    effects.push(...failure);
    return effects;
  }

  /** Sends the heartbeat that is due, or fails the session when the other end has been silent for too long. */
  expire(nowMs: number): Effect[] {
    if (this.#isOver) return [];
    if (this.#heartbeat.expire(nowMs) === 'ping') {
      this.ping(nowMs);
      return [];
    }
    const seconds = this.#limits.silenceMs / 1_000;
    return [this.#fail(createError('TUNNEL_LOST', { reason: `no sign of life for ${seconds} s` }))];
  }

  /** Takes frames for the carrier: up to `maximumBytes`, which the last frame may exceed. */
  take(maximumBytes: number): Transmission {
    const chunks: Buffer[] = [];
    const effects: Effect[] = [];
    this.#sendQueue.take(maximumBytes, {
      chunks,
      written: ({ id }) => effects.push({ kind: 'written', streamId: id }),
      finished: (stream) => {
        effects.push({ kind: 'finished', streamId: stream.id });
        this.#forgetIfDone(stream, effects);
      },
    });
    return { chunks, effects };
  }

  #onHeader(header: FrameHeader, nowMs: number, effects: Effect[]): void {
    switch (header.type) {
      case frameTypes.data:
      case frameTypes.windowUpdate:
        this.#onStreamFrame(header, nowMs, effects);
        break;
      case frameTypes.ping:
        if ((header.flags & frameFlags.ack) !== 0) {
          effects.push({ kind: 'ponged', roundTripMs: this.#heartbeat.finishPing(header.length, nowMs) });
        } else {
          this.#sendQueue.addAnswer(pingFrame(frameFlags.ack, header.length));
        }
        break;
      case frameTypes.goAway:
        this.#onGoAway(header.length, effects);
        break;
    }
  }

  #onGoAway(code: number, effects: Effect[]): void {
    if (code === goAwayCodes.normalTermination) {
      this.#isPeerGoingAway = true;
      effects.push({ kind: 'goneAway' });
      return;
    }
    const what = goAwayErrors[code] ?? `error ${code}`;
    effects.push(this.#fail(createError('MUX_CLOSED', { reason: `the other end reports ${what}` })));
  }

  #onStreamFrame(header: FrameHeader, nowMs: number, effects: Effect[]): void {
    const { type, flags, length } = header;
    this.#payloadStream = undefined;
    const isOpening = (flags & frameFlags.syn) !== 0;
    const stream = isOpening ? this.#accept(header, nowMs, effects) : this.#find(header);
    if (stream === undefined) return;
    if ((flags & frameFlags.rst) !== 0) {
      this.#forget(stream);
      effects.push({ kind: 'reset', streamId: stream.id });
      return;
    }
    if (type === frameTypes.data) this.#onData(stream, length);
    else if (length > 0) this.#onWindowUpdate(stream, length);
    if ((flags & frameFlags.fin) !== 0) this.#onFin(stream, header, effects);
  }

  /** A frame with SYN. Returns nothing when the stream is refused. */
  #accept({ streamId, flags }: FrameHeader, nowMs: number, effects: Effect[]): YamuxStream | undefined {
    this.#streams.announce(streamId);
    if ((flags & frameFlags.rst) !== 0) return undefined;
    const stream = this.#isGoingAway ? undefined : this.#streams.accept(streamId, nowMs);
    if (stream === undefined) {
      this.#refuse(streamId);
      return undefined;
    }
    effects.push({ kind: 'opened', streamId });
    this.#sendQueue.schedule(stream);
    return stream;
  }

  /** A frame without SYN. Returns nothing when the stream is forgotten. */
  #find({ streamId, flags }: FrameHeader): YamuxStream | undefined {
    const stream = this.#streams.get(streamId);
    const isKnown = stream !== undefined || this.#streams.wasOpened(streamId);
    // A stream that is reset before its SYN went out can leave a lone RST.
    if (!isKnown && (flags & frameFlags.rst) === 0)
      violation(`frame for stream ${streamId}, which was never opened`);
    return stream;
  }

  #onData(stream: YamuxStream, length: number): void {
    if (length === 0) return;
    if (stream.receiving !== 'open') violation(`data after the end of stream ${stream.id}`);
    if (!stream.receiveWindow.charge(length)) violation(`data beyond the window of stream ${stream.id}`);
    this.#payloadStream = stream;
  }

  #onWindowUpdate(stream: YamuxStream, delta: number): void {
    stream.sendWindowBytes += delta;
    if (stream.sendWindowBytes > maximumUint32) violation(`window of stream ${stream.id} beyond 32 bits`);
    this.#sendQueue.schedule(stream);
  }

  #onFin(stream: YamuxStream, { type, length }: FrameHeader, effects: Effect[]): void {
    if (stream.receiving !== 'open') violation(`second end of stream ${stream.id}`);
    if (type === frameTypes.data && length > 0) stream.receiving = 'ending';
    else this.#endReceiving(stream, effects);
  }

  #onPayload({ bytes, isLast }: FramePart & { kind: 'payload' }, effects: Effect[]): void {
    const stream = this.#payloadStream;
    if (stream === undefined) return;
    effects.push({ kind: 'data', streamId: stream.id, bytes });
    if (!isLast) return;
    this.#payloadStream = undefined;
    if (stream.receiving === 'ending') this.#endReceiving(stream, effects);
  }

  #endReceiving(stream: YamuxStream, effects: Effect[]): void {
    stream.receiving = 'ended';
    effects.push({ kind: 'ended', streamId: stream.id });
    this.#forgetIfDone(stream, effects);
  }

  #forgetIfDone(stream: YamuxStream, effects: Effect[]): void {
    if (stream.sending !== 'ended' || stream.receiving !== 'ended') return;
    this.#forget(stream);
    effects.push({ kind: 'closed', streamId: stream.id });
  }

  #forget(stream: YamuxStream): void {
    this.#streams.delete(stream);
    this.#sendQueue.remove(stream);
    if (this.#payloadStream === stream) this.#payloadStream = undefined;
  }

  #refuse(streamId: number): void {
    this.#sendQueue.addAnswer({ type: frameTypes.windowUpdate, flags: frameFlags.rst, streamId, length: 0 });
  }

  /** Turns a violation that `action` meets into the end of the session. */
  #guard(action: () => void): Effect[] {
    try {
      action();
      return [];
    } catch (error) {
      if (!isToolError(error, 'MUX_PROTOCOL')) throw error;
      const failure = this.#fail(error);
      this.#sendQueue.addControl(goAwayFrame(goAwayCodes.protocolError));
      return [failure];
    }
  }

  #fail(error: ToolError): Effect {
    this.#isOver = true;
    this.#streams.clear();
    this.#sendQueue.clear();
    this.#payloadStream = undefined;
    return { kind: 'failed', error };
  }
}

function pingFrame(flags: number, value: number): FrameHeader {
  return { type: frameTypes.ping, flags, streamId: sessionStreamId, length: value };
}

function goAwayFrame(code: GoAwayCode): FrameHeader {
  return { type: frameTypes.goAway, flags: 0, streamId: sessionStreamId, length: code };
}
