/**
 * A byte stream that outlives its carriers: what is written while there is none waits, and goes on with the next. Whoever
 * makes carriers attaches them; the layer above sees nothing of it but a pause.
 *
 * Writing is as quick as the carrier, and stops without one, so that what waits here is at most one write more than what
 * the carrier has and the other end has not acknowledged.
 */
import { Duplex } from 'node:stream';
import type { Clock } from '../core/index.ts';
import { createError } from '../errors/index.ts';
import {
  ResumeSession,
  defaultResumeLimits,
  encodeFrame,
  type Frame,
  type ResumeLimits,
} from '../protocol/resume/index.ts';
import type { CarrierOwner, FrameCarrier } from './frame-carrier.ts';

/** Payload of one frame, in bytes: one message of a WebSocket carrier. */
const FRAME_BYTES = 64 * 1024;

type Callback = (error?: Error | null) => void;

export interface ResumableStreamOptions {
  clock: Clock;
  limits?: ResumeLimits;
  /** The carrier is gone; the stream waits for another. Not called once the stream is destroyed. */
  onDetached: (reason: Error) => void;
  /** The carrier may be gone. */
  onSuspect?: () => void;
}

export class ResumableStream extends Duplex implements CarrierOwner {
  readonly #session: ResumeSession;
  readonly #options: ResumableStreamOptions;
  #carrier: FrameCarrier | undefined;
  #attachment = new AbortController();
  #detachedAtMs: number | undefined;
  #onWritten: Callback | undefined;
  #onFinished: Callback | undefined;
  #isPumping = false;

  constructor(options: ResumableStreamOptions) {
    super({ allowHalfOpen: true });
    this.#options = options;
    this.#session = new ResumeSession(options.limits ?? defaultResumeLimits);
    this.#detachedAtMs = options.clock.monotonicMs();
  }

  get isAttached(): boolean {
    return this.#carrier !== undefined;
  }

  /** How long there has been no carrier, in milliseconds; undefined while there is one. */
  get detachedForMs(): number | undefined {
    return this.#detachedAtMs === undefined
      ? undefined
      : this.#options.clock.monotonicMs() - this.#detachedAtMs;
  }

  /** Aborts when the present carrier is lost; aborted already when there is none. */
  get detached(): AbortSignal {
    return this.#attachment.signal;
  }

  /** The next offset expected, for the greeting on a new carrier. */
  get received(): number {
    return this.#session.received;
  }

  /**
   * Goes on with `carrier`, whose other end has received `peerReceived`; the one before is closed.
   * @throws {TUNNEL_PROTOCOL}; the carrier before stays then
   */
  attach(carrier: FrameCarrier, peerReceived: number): void {
    this.#session.attach(peerReceived);
    this.#carrier?.destroy();
    this.#carrier = carrier;
    this.#detachedAtMs = undefined;
    this.#attachment = new AbortController();
    carrier.own(this);
    this.#pump();
    this.#settle();
  }

  // --- called by the carrier ----------------------------------------------------------------------------------------

  onFrame(frame: Frame): void {
    if (this.destroyed) return;
    if (frame.kind === 'abort') {
      this.destroy(createError('TUNNEL_LOST', { reason: 'the other end gave the session up' }));
      return;
    }
    const hadEnded = this.#session.isEndReceived;
    let bytes: Buffer | undefined;
    try {
      bytes = this.#session.receive(frame);
    } catch (error) {
      // Another carrier would bring the same again.
      this.destroy(error as Error);
      return;
    }
    if (bytes !== undefined && !this.push(bytes)) this.#carrier?.pause();
    if (this.#session.isEndReceived && !hadEnded) this.push(null);
  }

  onFramesHandled(): void {
    this.#pump();
    this.#settle();
  }

  onDrain(): void {
    this.#pump();
    this.#settle();
  }

  onHeartbeat(): void {
    this.#session.acknowledge();
    this.#pump();
  }

  onSuspect(): void {
    this.#options.onSuspect?.();
  }

  onLost(reason: Error): void {
    if (this.destroyed) return;
    this.#carrier = undefined;
    this.#session.detach();
    this.#detachedAtMs = this.#options.clock.monotonicMs();
    this.#attachment.abort(reason);
    this.#options.onDetached(reason);
  }

  // --- Duplex -------------------------------------------------------------------------------------------------------

  override _read(): void {
    this.#carrier?.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.#accept([chunk], callback);
  }

  override _writev(items: { chunk: Buffer }[], callback: Callback): void {
    this.#accept(
      items.map(({ chunk }) => chunk),
      callback,
    );
  }

  /** Finished once the other end has everything. */
  override _final(callback: Callback): void {
    this.#onFinished = callback;
    this.#session.end();
    this.#pump();
    this.#settle();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    const carrier = this.#carrier;
    this.#carrier = undefined;
    const isOver = this.#session.isEndAcknowledged && this.#session.isEndReceived;
    if (!isOver) carrier?.send([encodeFrame('abort', 0)]);
    carrier?.end();
    this.#attachment.abort(error ?? createError('TUNNEL_LOST', { reason: 'the session has ended' }));
    callback(error);
    const pending = this.#onWritten ?? this.#onFinished;
    this.#onWritten = undefined;
    this.#onFinished = undefined;
    pending?.(error ?? createError('TUNNEL_LOST', { reason: 'the session has ended' }));
  }

  #accept(chunks: readonly Buffer[], callback: Callback): void {
    this.#onWritten = callback;
    this.#session.write(chunks);
    this.#pump();
    this.#settle();
  }

  /** Gives the carrier what it has room for. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (this.#carrier?.hasRoom === true) {
        const frames = this.#session.take(FRAME_BYTES);
        if (frames.length === 0) break;
        this.#carrier.send(frames);
      }
    } finally {
      this.#isPumping = false;
    }
  }

  /** Completes a write that has left, and the end that has arrived. */
  #settle(): void {
    const { isSent, hasRoom, isEndAcknowledged } = this.#session;
    const onWritten = this.#onWritten;
    if (onWritten !== undefined && isSent && hasRoom && this.#carrier?.hasRoom === true) {
      this.#onWritten = undefined;
      onWritten();
    }
    const onFinished = this.#onFinished;
    if (onFinished === undefined || !isEndAcknowledged) return;
    this.#onFinished = undefined;
    onFinished();
  }
}

/** A session that is closing ends at once without a carrier: nothing could finish, and nobody hears a goodbye. */
export function endWithCarrier(mux: { destroy(): void }, stream: ResumableStream | undefined): void {
  const end = (): void => {
    mux.destroy();
  };
  stream?.detached.addEventListener('abort', end, { once: true });
  if (stream?.detached.aborted === true) end();
}
