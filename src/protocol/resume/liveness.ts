/**
 * Whether a carrier still brings anything. Both ends send something every `heartbeatMs`, so that silence says something.
 * Time comes in as an argument (milliseconds of a monotonic clock).
 */
import type { ResumeLimits } from './limits.ts';

/** A check that comes so much too late, in milliseconds: this process stood still, and what arrived is still unread. */
const TOLERATED_LATENESS_MS = 1_000;

export class Liveness {
  readonly #limits: ResumeLimits;
  #lastReceivedMs: number;
  #dueMs: number;

  constructor(limits: ResumeLimits, nowMs: number) {
    this.#limits = limits;
    this.#lastReceivedMs = nowMs;
    this.#dueMs = nowMs + limits.heartbeatMs;
  }

  /** When {@link expire} wants to be called next. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** Anything arrived. */
  received(nowMs: number): void {
    this.#lastReceivedMs = nowMs;
  }

  /** `suspect`: worth another carrier, though this one may still work. Unless it is `lost`, send a sign of life. */
  expire(nowMs: number): 'alive' | 'suspect' | 'lost' {
    const { heartbeatMs, suspectMs, silenceMs } = this.#limits;
    const stoodStill = nowMs - this.#dueMs > TOLERATED_LATENESS_MS;
    // The other end gets one more interval to be heard.
    if (stoodStill)
      this.#lastReceivedMs = Math.max(this.#lastReceivedMs, nowMs - Math.max(0, silenceMs - heartbeatMs));
    const silentMs = nowMs - this.#lastReceivedMs;
    if (silentMs >= silenceMs) return 'lost';
    this.#dueMs = Math.min(nowMs + heartbeatMs, this.#lastReceivedMs + silenceMs);
    return stoodStill || silentMs >= suspectMs ? 'suspect' : 'alive';
  }
}
