/**
 * One carrier of a resumable session: frames over a Duplex, signs of life, silence. Whose frames they are changes: first
 * the greeting's, then the session's.
 */
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../core/index.ts';
import { describeError } from '../core/index.ts';
import { createError } from '../errors/index.ts';
import { FrameDecoder, Liveness, type Frame, type ResumeLimits } from '../protocol/resume/index.ts';

/** How long an ended carrier may take to flush its last bytes, in milliseconds, before it is destroyed. */
const LINGER_MS = 1_000;

export interface CarrierOwner {
  onFrame(frame: Frame): void;
  /** Everything that arrived so far has been handed over. */
  onFramesHandled(): void;
  /** There is room again. */
  onDrain(): void;
  /** Time to send something. */
  onHeartbeat(): void;
  /** Silent, or this process stood still: another carrier is worth trying. */
  onSuspect(): void;
  /** Called once. The carrier is destroyed, or will not bring anything more. */
  onLost(reason: Error): void;
}

export class FrameCarrier {
  readonly #duplex: Duplex;
  readonly #clock: Clock;
  readonly #decoder = new FrameDecoder();
  readonly #liveness: Liveness;
  #owner: CarrierOwner | undefined;
  #timer: Timer | undefined;
  #isPaused = false;

  /** Owns `duplex`, and is silent until {@link own}. */
  constructor(duplex: Duplex, { clock, limits }: { clock: Clock; limits: ResumeLimits }) {
    this.#duplex = duplex;
    this.#clock = clock;
    this.#liveness = new Liveness(limits, clock.monotonicMs());
    duplex.on('error', (error) => {
      this.#lose(describeError(error));
    });
  }

  /** Hands what comes from now on to `owner`; also from within one of its calls. */
  own(owner: CarrierOwner): void {
    const isFirst = this.#owner === undefined;
    this.#owner = owner;
    if (!isFirst) return;
    this.#duplex
      .on('data', (chunk: Buffer) => {
        this.#receive(chunk);
      })
      .on('drain', () => this.#owner?.onDrain())
      .on('end', () => {
        this.#lose('the other end closed the connection');
      })
      .on('close', () => {
        this.#lose('the connection was closed');
      });
    if (this.#duplex.destroyed) process.nextTick(() => this.#lose('the connection was closed'));
    this.#arm();
  }

  get hasRoom(): boolean {
    return !this.#duplex.writableNeedDrain && this.#duplex.writable;
  }

  send(chunks: readonly Buffer[]): void {
    if (!this.#duplex.writable) return;
    this.#duplex.cork();
    for (const chunk of chunks) this.#duplex.write(chunk);
    this.#duplex.uncork();
  }

  /** Until {@link resume} nothing is read, and silence means nothing. */
  pause(): void {
    this.#isPaused = true;
    this.#duplex.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#duplex.resume();
  }

  /** Flushes and closes; nothing more is handed over. Idempotent. */
  end(): void {
    this.#release();
    if (this.#duplex.destroyed) return;
    const linger = this.#clock.after(LINGER_MS, () => this.#duplex.destroy());
    this.#duplex.once('close', () => {
      linger.cancel();
    });
    this.#duplex.resume().end();
  }

  /** Closes at once; nothing more is handed over. Idempotent. */
  destroy(): void {
    this.#release();
    this.#duplex.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#liveness.received(this.#clock.monotonicMs());
    try {
      this.#decoder.push(chunk);
      for (let frame = this.#decoder.next(); frame !== undefined; frame = this.#decoder.next())
        this.#owner?.onFrame(frame);
      this.#owner?.onFramesHandled();
    } catch (error) {
      this.#lose(describeError(error));
    }
  }

  #arm(): void {
    const delayMs = this.#liveness.dueMs - this.#clock.monotonicMs();
    this.#timer = this.#clock.after(delayMs, () => {
      if (this.#isPaused) this.#liveness.received(this.#clock.monotonicMs());
      const state = this.#liveness.expire(this.#clock.monotonicMs());
      if (state === 'lost') {
        this.#lose('nothing came from the other end any more');
        return;
      }
      this.#owner?.onHeartbeat();
      if (state === 'suspect') this.#owner?.onSuspect();
      if (this.#owner !== undefined) this.#arm();
    });
  }

  #lose(reason: string): void {
    const owner = this.#owner;
    this.destroy();
    owner?.onLost(createError('TUNNEL_LOST', { reason }));
  }

  #release(): void {
    this.#owner = undefined;
    this.#timer?.cancel();
  }
}
