/**
 * Liveness of a session: sends a ping at the start and then at a fixed interval, measures the round trip, and notices
 * when nothing at all has arrived for too long. Time comes in as an argument (milliseconds of a monotonic clock).
 *
 * One ping is out at a time. Another behind it on the same ordered carrier would say nothing new.
 */
import { maximumUint32, violation } from './frame.ts';

/**
 * A check that comes later than this, in milliseconds, means that this process itself stood still: laptop asleep,
 * debugger, SIGSTOP. What arrived meanwhile is still unread, so the other end gets one more interval to be heard.
 */
const toleratedLatenessMs = 1_000;

export interface HeartbeatOptions {
  /** Time between two pings; Infinity for none but the first. */
  readonly intervalMs: number;
  /** Nothing received for so long is a lost carrier; Infinity for never. */
  readonly silenceMs: number;
  readonly nowMs: number;
}

export class Heartbeat {
  readonly #intervalMs: number;
  readonly #silenceMs: number;
  #lastReceivedMs: number;
  #dueMs: number;
  #outstanding: { readonly id: number; readonly sentMs: number } | undefined;
  #nextId = 0;
  #roundTripMs: number | undefined;
  #minimumRoundTripMs: number | undefined;

  constructor({ intervalMs, silenceMs, nowMs }: HeartbeatOptions) {
    this.#intervalMs = intervalMs;
    this.#silenceMs = silenceMs;
    this.#lastReceivedMs = nowMs;
    this.#dueMs = this.#toDueMs(nowMs);
  }

  /** When {@link expire} wants to be called next; Infinity for never. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** The last round trip. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  /** The shortest round trip: the carrier's own, without what waited in queues before the ping. */
  get minimumRoundTripMs(): number | undefined {
    return this.#minimumRoundTripMs;
  }

  /** Something, anything, arrived. */
  received(nowMs: number): void {
    this.#lastReceivedMs = nowMs;
  }

  /** Returns the opaque value of a ping to send now, or undefined when one is out already. */
  startPing(nowMs: number): number | undefined {
    if (this.#outstanding !== undefined) return undefined;
    const id = this.#nextId;
    this.#nextId = id === maximumUint32 ? 0 : id + 1;
    this.#outstanding = { id, sentMs: nowMs };
    return id;
  }

  /**
   * The response to a ping arrived; returns the round trip in milliseconds.
   *
   * @throws {MUX_PROTOCOL} when the value is not that of the ping that is out.
   */
  finishPing(id: number, nowMs: number): number {
    if (this.#outstanding?.id !== id) violation(`response ${id} to a ping that was not sent`);
    const roundTripMs = nowMs - this.#outstanding.sentMs;
    this.#outstanding = undefined;
    this.#roundTripMs = roundTripMs;
    this.#minimumRoundTripMs = Math.min(roundTripMs, this.#minimumRoundTripMs ?? roundTripMs);
    return roundTripMs;
  }

  /** Checks the time and sets the next {@link dueMs}. Returns 'lost' after too much silence, else 'ping': send one now. */
  expire(nowMs: number): 'ping' | 'lost' {
    if (nowMs - this.#dueMs > toleratedLatenessMs) {
      const oneIntervalLeftMs = nowMs - Math.max(0, this.#silenceMs - this.#intervalMs);
      this.#lastReceivedMs = Math.max(this.#lastReceivedMs, oneIntervalLeftMs);
    }
    if (nowMs - this.#lastReceivedMs >= this.#silenceMs) return 'lost';
    this.#dueMs = this.#toDueMs(nowMs);
    return 'ping';
  }

  #toDueMs(nowMs: number): number {
    return Math.min(nowMs + this.#intervalMs, this.#lastReceivedMs + this.#silenceMs);
  }
}
