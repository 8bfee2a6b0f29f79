/**
 * Drives a {@link YamuxSession}: carries its bytes over a Duplex, its streams as Node streams, its time by a Clock. What
 * frames mean is decided in `src/protocol/yamux`; here is only the performing of effects, and the life of the carrier.
 *
 * Life: open ──close()──▶ draining (no new streams) ──streams done, or deadline──▶ ended ──carrier closed──▶ closed.
 * A failure, the carrier's end and `destroy()` lead to ended from either.
 */
import type { Duplex } from 'node:stream';
import { createDeferred, type Clock, type Deferred, type Logger, type Timer } from '../core/index.ts';
import { createError, raise } from '../errors/index.ts';
import { YamuxSession, type Effect, type YamuxSessionOptions } from '../protocol/yamux/index.ts';
import { defaultMuxLimits, type MuxLimits } from './limits.ts';
import { MuxStream, type StreamPort } from './mux-stream.ts';

/** Many streams over one carrier. */
export interface MuxSession extends AsyncDisposable {
  /**
   * Opens a stream. Data may be written at once, before the other end has accepted: a refusal shows as NET_RESET.
   *
   * The Duplex keeps half-close: `end()` sends FIN, and the other end may go on sending. `destroy()` before both halves
   * have ended sends RST, a received RST destroys it with NET_RESET, the end of the session with the session's error.
   * Buffers that are written must not change any more, not even after the callback: they go to the carrier uncopied.
   *
   * @throws {MUX_CLOSED} when the session has ended or either end is closing it.
   * @throws {MUX_STREAM_LIMIT} when too many streams that this end opened are open.
   */
  openStream(): Duplex;
  /** Streams of both ends that are open, half-closed ones included. */
  readonly streamCount: number;
  /** Last measured round trip in milliseconds, undefined before the first. */
  readonly roundTripMs: number | undefined;
  /**
   * Measures the round trip, in milliseconds. A measurement that is under way already is shared.
   *
   * @throws {MUX_CLOSED} when the session has ended or ends meanwhile; `signal.reason` when `signal` aborts.
   */
  ping(options: { signal: AbortSignal }): Promise<number>;
  /**
   * Says go away (no new streams from either end), waits for open streams until `limits.closeTimeoutMs`, resets those
   * that are left with MUX_CLOSED, and ends the carrier. Idempotent; resolves when the session is over.
   */
  close(): Promise<void>;
  /** At once: open streams get `error` (default MUX_CLOSED), the carrier is destroyed. Idempotent. */
  destroy(error?: Error): void;
  /** Resolves with the reason once the session and its carrier have ended: undefined after a normal close. Never rejects. */
  readonly closed: Promise<Error | undefined>;
}

export interface MuxSessionOptions {
  /** An ordered byte stream; owned by the session from now on, and destroyed with it. */
  readonly carrier: Duplex;
  /** One end is the client, the other the server; it matters for nothing but the numbers of streams. */
  readonly role: YamuxSessionOptions['role'];
  /** Takes a stream that the other end opened, and with it the duty to handle its `error` events. */
  readonly onStream: (stream: Duplex) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Defaults: `defaultMuxLimits`. */
  readonly limits?: Partial<MuxLimits>;
}

/**
 * Bytes that are handed to the carrier between two looks at its backpressure: four full frames, and one message of a
 * WebSocket carrier. More measured no faster; on a slow link it is what a small request waits behind.
 */
const batchBytes = 64 * 1024;

/** How long an ended carrier may take to flush its last bytes and close, in milliseconds, before it is destroyed. */
const lingerMs = 1_000;

/** Starts a session on `carrier`. The first ping goes out at once. */
export function createMuxSession(options: MuxSessionOptions): MuxSession {
  return new CarriedSession(options);
}

class CarriedSession implements MuxSession, StreamPort {
  readonly #yamux: YamuxSession;
  readonly #carrier: Duplex;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limits: MuxLimits;
  readonly #onStream: (stream: Duplex) => void;
  readonly #streams = new Map<number, MuxStream>();
  readonly #pings = new Set<Deferred<number>>();
  readonly #closed = createDeferred<Error | undefined>();
  #state: 'open' | 'draining' | 'ended' = 'open';
  /** The other end said that it closes the session, so the carrier's end is no surprise. */
  #isPeerClosing = false;
  #isPumpScheduled = false;
  #isPumping = false;
  #expiryTimer: Timer | undefined;
  /** Of `close()` while draining, of the carrier's end afterwards. */
  #deadlineTimer: Timer | undefined;
  /** Why the session ended; undefined also for a normal close. */
  #reason: Error | undefined;

  constructor({ carrier, role, onStream, clock, logger, limits }: MuxSessionOptions) {
    this.#carrier = carrier;
    this.#clock = clock;
    this.#logger = logger;
    this.#onStream = onStream;
    this.#limits = { ...defaultMuxLimits, ...limits };
    this.#yamux = new YamuxSession({ role, limits: this.#limits, nowMs: clock.monotonicMs() });
    carrier.on('data', this.#onCarrierData);
    carrier.on('drain', this.#pump);
    carrier.on('end', this.#onCarrierEnd);
    // Stays for good: a carrier that is being destroyed can still fail.
    carrier.on('error', this.#onCarrierError);
    carrier.on('close', this.#onCarrierClose);
    if (carrier.destroyed) process.nextTick(this.#onCarrierClose);
    this.#schedulePump();
    this.#armExpiry();
  }

  get closed(): Promise<Error | undefined> {
    return this.#closed.promise;
  }

  get #isEnded(): boolean {
    return this.#state === 'ended';
  }

  get streamCount(): number {
    return this.#yamux.streamCount;
  }

  get roundTripMs(): number | undefined {
    return this.#yamux.roundTripMs;
  }

  openStream(): Duplex {
    if (this.#isEnded) raise('MUX_CLOSED', { reason: 'it has ended' });
    const stream = this.#addStream(this.#yamux.open(this.#clock.monotonicMs()));
    this.#schedulePump();
    return stream;
  }

  async ping({ signal }: { signal: AbortSignal }): Promise<number> {
    signal.throwIfAborted();
    if (this.#isEnded) raise('MUX_CLOSED', { reason: 'it has ended' });
    const answer = createDeferred<number>();
    const onAbort = (): void => answer.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#pings.add(answer);
    this.#yamux.ping(this.#clock.monotonicMs());
    this.#schedulePump();
    try {
      return await answer.promise;
    } finally {
      this.#pings.delete(answer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  async close(): Promise<void> {
    if (this.#state === 'open') {
      this.#state = 'draining';
      this.#yamux.goAway();
      this.#deadlineTimer = this.#clock.after(this.#limits.closeTimeoutMs, () => this.#end(undefined));
      this.#schedulePump();
    }
    await this.#closed.promise;
  }

  destroy(error?: Error): void {
    this.#end(error ?? createError('MUX_CLOSED', { reason: 'it was destroyed' }));
    this.#carrier.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // --- called by streams --------------------------------------------------------------------------------------------

  write(streamId: number, chunks: readonly Buffer[]): void {
    this.#yamux.write(streamId, chunks);
    this.#schedulePump();
  }

  end(streamId: number): void {
    this.#yamux.end(streamId);
    this.#schedulePump();
  }

  forget(streamId: number): void {
    this.#streams.delete(streamId);
    this.#perform(this.#yamux.reset(streamId));
    this.#schedulePump();
  }

  consume(streamId: number, sizeBytes: number): void {
    this.#yamux.consume(streamId, sizeBytes, this.#clock.monotonicMs());
    this.#schedulePump();
  }

  // --- effects ------------------------------------------------------------------------------------------------------

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (this.#isEnded) return;
      this.#performOne(effect);
    }
  }

  #performOne(effect: Effect): void {
    switch (effect.kind) {
      case 'opened':
        this.#onStream(this.#addStream(effect.streamId));
        break;
      case 'data':
        this.#streams.get(effect.streamId)?.deliver(effect.bytes);
        break;
      case 'ended':
        this.#streams.get(effect.streamId)?.deliverEnd();
        break;
      case 'written':
        this.#streams.get(effect.streamId)?.settleWrite();
        break;
      case 'finished':
        this.#streams.get(effect.streamId)?.settleEnd();
        break;
      case 'closed':
        this.#streams.delete(effect.streamId);
        break;
      case 'reset':
        this.#streams
          .get(effect.streamId)
          ?.destroy(createError('NET_RESET', { target: 'the other end of the tunnel' }));
        break;
      case 'ponged':
        for (const answer of this.#pings) answer.resolve(effect.roundTripMs);
        break;
      case 'goneAway':
        this.#isPeerClosing = true;
        break;
      case 'failed':
        // Without last words there is nothing to wait for.
        if (this.#yamux.hasFrames) this.#end(effect.error);
        else this.destroy(effect.error);
        break;
    }
  }

  #addStream(streamId: number): MuxStream {
    const stream = new MuxStream(streamId, this);
    this.#streams.set(streamId, stream);
    return stream;
  }

  // --- carrier ------------------------------------------------------------------------------------------------------

  readonly #onCarrierData = (chunk: Buffer): void => {
    if (this.#isEnded) return;
    this.#perform(this.#yamux.receive(chunk, this.#clock.monotonicMs()));
    this.#schedulePump();
  };

  readonly #onCarrierEnd = (): void => {
    const isExpected = this.#isPeerClosing || this.#state === 'draining';
    if (isExpected && this.streamCount === 0) this.#end(undefined);
    else this.#end(createError('TUNNEL_LOST', { reason: 'the other end closed the connection' }));
  };

  readonly #onCarrierError = (error: Error): void => {
    this.#end(createError('TUNNEL_LOST', { reason: error.message }, { cause: error }));
  };

  readonly #onCarrierClose = (): void => {
    this.#end(createError('TUNNEL_LOST', { reason: 'the connection was closed' }));
    this.#deadlineTimer?.cancel();
    this.#carrier.off('data', this.#onCarrierData);
    this.#carrier.off('drain', this.#pump);
    this.#carrier.off('end', this.#onCarrierEnd);
    this.#carrier.off('close', this.#onCarrierClose);
    this.#closed.resolve(this.#reason);
  };

  /** Lets everything that is written in this turn of the event loop go out together. */
  #schedulePump(): void {
    if (this.#isPumpScheduled || this.#isPumping) return;
    if (!this.#yamux.hasFrames && this.#state !== 'draining') return;
    this.#isPumpScheduled = true;
    process.nextTick(this.#pump);
  }

  /** Moves frames to the carrier as long as it has room; its `drain` continues. */
  readonly #pump = (): void => {
    this.#isPumpScheduled = false;
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (this.#yamux.hasFrames && !this.#carrier.writableNeedDrain && !this.#isEnded) this.#sendBatch();
    } finally {
      // Callbacks of the application run in there and may throw.
      this.#isPumping = false;
    }
    const isDrained = this.streamCount === 0 && !this.#yamux.hasFrames;
    if (this.#state === 'draining' && isDrained) this.#end(undefined);
  };

  #sendBatch(): void {
    const { chunks, effects } = this.#yamux.take(batchBytes);
    this.#carrier.cork();
    for (const chunk of chunks) this.#carrier.write(chunk);
    this.#carrier.uncork();
    this.#perform(effects);
  }

  // --- time and end -------------------------------------------------------------------------------------------------

  #armExpiry(): void {
    const delayMs = this.#yamux.dueMs - this.#clock.monotonicMs();
    if (delayMs === Infinity) return;
    this.#expiryTimer = this.#clock.after(delayMs, () => {
      this.#perform(this.#yamux.expire(this.#clock.monotonicMs()));
      this.#schedulePump();
      this.#armExpiry();
    });
  }

  /** Ends the streams, says the last words (RST, go away) without regard to backpressure, and ends the carrier. */
  #end(reason: Error | undefined): void {
    if (this.#isEnded) return;
    this.#state = 'ended';
    this.#reason = reason;
    if (reason === undefined) this.#logger.debug('mux session closed');
    else this.#logger.info('mux session ended', { reason: reason.message, streams: this.#streams.size });
    this.#expiryTimer?.cancel();
    this.#deadlineTimer?.cancel();
    const error = reason ?? createError('MUX_CLOSED', { reason: 'it was closed' });
    for (const stream of this.#streams.values()) stream.destroy(error);
    for (const answer of this.#pings) answer.reject(error);
    if (!this.#carrier.writable) {
      this.#carrier.destroy();
      return;
    }
    while (this.#yamux.hasFrames) this.#sendBatch();
    this.#carrier.end();
    this.#deadlineTimer = this.#clock.after(lingerMs, () => this.#carrier.destroy());
  }
}
