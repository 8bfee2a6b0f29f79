/**
 * The laptop's end of a resumable session: makes the session on its first carrier, and new carriers when one is lost or
 * silent, until the agent has forgotten the session.
 */
import type { Duplex } from 'node:stream';
import {
  createBackoff,
  createDeferred,
  describeError,
  type Clock,
  type Logger,
  type Timer,
} from '../core/index.ts';
import { createError } from '../errors/index.ts';
import {
  defaultResumeLimits,
  encodeFrame,
  readWelcome,
  type Frame,
  type ResumeLimits,
} from '../protocol/resume/index.ts';
import { FrameCarrier } from './frame-carrier.ts';
import { ResumableStream } from './resumable-stream.ts';

/** An attempt that the network swallows holds up nothing: the next one starts beside it. */
const RETRY_INITIAL_MS = 100;
const RETRY_MAXIMUM_MS = 1_000;
const MAXIMUM_ATTEMPTS = 5;
/** Port-forward, TLS and greeting of one attempt. */
const ATTEMPT_TIMEOUT_MS = 10_000;

export interface ResumeClientOptions {
  /** Authenticated, for the first carrier; owned from now on. */
  carrier: Duplex;
  /** Another to the same agent, authenticated by the same key. */
  reconnect: (options: { signal: AbortSignal }) => Promise<Duplex>;
  /** Whether what `reconnect` threw means that the agent is gone for good. */
  isGone: (error: unknown) => boolean;
  clock: Clock;
  logger: Logger;
  limits?: ResumeLimits;
  /** Aborting it ends the first greeting; afterwards it has no effect. */
  signal: AbortSignal;
}

/** @throws {TUNNEL_LOST} {TUNNEL_PROTOCOL}, or `signal.reason` */
export async function openResumable(options: ResumeClientOptions): Promise<ResumableStream> {
  const client = new ResumeClient(options);
  await client.open(options.carrier, options.signal);
  return client.stream;
}

class ResumeClient {
  readonly stream: ResumableStream;
  readonly #options: ResumeClientOptions;
  readonly #limits: ResumeLimits;
  /** Aborts when nothing is left to be done. */
  readonly #lifetime = new AbortController();
  #ticket: Buffer = Buffer.alloc(0);
  #windowMs = 0;
  #window: Timer | undefined;
  #isSearching = false;

  constructor(options: ResumeClientOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultResumeLimits;
    this.stream = new ResumableStream({
      clock: options.clock,
      limits: this.#limits,
      onDetached: (reason) => {
        this.#onDetached(reason);
      },
      onSuspect: () => {
        this.#search();
      },
    });
    this.stream.on('error', () => undefined);
    this.stream.on('close', () => {
      // Without a carrier the agent does not know yet that the session is over: the search goes on to tell it.
      if (!this.#isSearching) this.#finish();
    });
  }

  async open(duplex: Duplex, signal: AbortSignal): Promise<void> {
    try {
      await this.#greet(duplex, signal);
    } catch (error) {
      this.#finish();
      this.stream.destroy();
      throw error;
    }
  }

  #onDetached(reason: Error): void {
    const { clock, logger } = this.#options;
    logger.info('carrier lost', { reason: reason.message });
    this.#window ??= clock.after(this.#windowMs, () => {
      this.#giveUp(`no connection for ${this.#windowMs / 1000} s`);
    });
    this.#search();
  }

  #giveUp(reason: string): void {
    this.#finish();
    this.stream.destroy(createError('TUNNEL_LOST', { reason }));
  }

  #finish(): void {
    this.#window?.cancel();
    this.#lifetime.abort(createError('TUNNEL_LOST', { reason: 'the session has ended' }));
  }

  /** Tries until a carrier is attached, or the session is over. */
  #search(): void {
    if (this.#isSearching || this.#lifetime.signal.aborted) return;
    this.#isSearching = true;
    void this.#searchOnce().finally(() => {
      this.#isSearching = false;
      // The one that was found may have been lost meanwhile.
      if (this.stream.destroyed) this.#finish();
      else if (!this.stream.isAttached) this.#search();
    });
  }

  async #searchOnce(): Promise<void> {
    const { clock } = this.#options;
    const backoff = createBackoff({ initialMs: RETRY_INITIAL_MS, maximumMs: RETRY_MAXIMUM_MS });
    const found = new AbortController();
    const isOver = AbortSignal.any([found.signal, this.#lifetime.signal]);
    let attempts = 0;
    while (!isOver.aborted) {
      if (attempts < MAXIMUM_ATTEMPTS) {
        attempts += 1;
        void this.#attempt(isOver, found).finally(() => (attempts -= 1));
      }
      await pause(clock, backoff.nextMs(), isOver);
    }
  }

  async #attempt(isOver: AbortSignal, found: AbortController): Promise<void> {
    const { reconnect, isGone, logger } = this.#options;
    const signal = AbortSignal.any([isOver, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]);
    try {
      const duplex = await reconnect({ signal });
      if (signal.aborted) duplex.destroy();
      signal.throwIfAborted();
      if (!(await this.#greet(duplex, signal))) return;
      found.abort();
      logger.info('carrier attached');
    } catch (error) {
      if (isOver.aborted) return;
      logger.info('no carrier', { reason: describeError(error) });
      if (isGone(error)) this.#giveUp('the agent is gone');
    }
  }

  /** Resolves with true once the session goes on over `duplex`; with false when the agent was told there that it is over. */
  async #greet(duplex: Duplex, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    const carrier = new FrameCarrier(duplex, { clock, limits: this.#limits });
    const greeted = createDeferred<boolean>();
    const onAbort = (): void => {
      carrier.destroy();
      greeted.reject(signal.reason);
    };
    const ignore = (): void => undefined;
    carrier.own({
      onFrame: (frame) => {
        try {
          greeted.resolve(this.#onGreeting(carrier, frame));
        } catch (error) {
          carrier.destroy();
          greeted.reject(error);
        }
      },
      onLost: (reason) => {
        greeted.reject(reason);
      },
      onFramesHandled: ignore,
      onDrain: ignore,
      onHeartbeat: ignore,
      onSuspect: ignore,
    });
    signal.addEventListener('abort', onAbort, { once: true });
    carrier.send([encodeFrame('hello', this.stream.received, this.#ticket)]);
    if (signal.aborted) onAbort();
    try {
      return await greeted.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #onGreeting(carrier: FrameCarrier, frame: Frame): boolean {
    if (frame.kind === 'refused') {
      const reason = 'the agent does not know the session any more';
      this.#giveUp(reason);
      throw createError('TUNNEL_LOST', { reason });
    }
    if (frame.kind !== 'welcome')
      throw createError('TUNNEL_PROTOCOL', { reason: `resume: ${frame.kind} before a WELCOME` });
    const { ticket, windowMs } = readWelcome(frame);
    if (this.stream.destroyed) {
      // Not certain to be read: another attempt may take this carrier's place. The search goes on until the agent no longer
      // knows the session.
      carrier.send([encodeFrame('abort', 0)]);
      carrier.end();
      return false;
    }
    this.#ticket = ticket;
    this.#windowMs = windowMs;
    this.stream.attach(carrier, frame.value);
    this.#window?.cancel();
    this.#window = undefined;
    return true;
  }
}

/** Resolves after `delayMs`, or when `signal` aborts. Keeps no process alive: nobody but the agent waits for the search. */
function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', settle);
      resolve();
    };
    const timer = clock.after(delayMs, settle);
    signal.addEventListener('abort', settle, { once: true });
    if (signal.aborted) settle();
  });
}
