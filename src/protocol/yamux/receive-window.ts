/**
 * The receiving side of flow control: how much the other end may send on one stream, and when it is allowed more.
 *
 * At any time `available + unread <= size`: what the other end may still send plus what the application has not read
 * never exceeds the size of the window, so the size bounds the memory of a stream. Only reading makes room.
 *
 * The size starts at the 256 KiB of the specification and doubles while that makes the stream faster: when a window's
 * worth is read within two round trips, and at half as fast again as when the window grew last. The first rule alone (as
 * in go-yamux and js-libp2p-yamux) grows windows far beyond what a fast carrier needs; the surplus then stands in the
 * carrier's buffers, where every other stream waits behind it. Measured on loopback with one bulk stream: the same bytes
 * per second, and 1.6 ms instead of 0.08 ms for a small request beside it.
 *
 * What all streams of a session grow by comes out of one {@link WindowBudget}.
 *
 * @see specification, "Flow Control"
 */
import { initialWindowBytes } from './frame.ts';

/** The speed is taken over at least so many round trips; and a window that takes longer to be read is large enough. */
const spanRoundTrips = 2;

/** And over at least so many milliseconds, for with short round trips the turns of the event loops dominate. */
const minimumSpanMs = 20;

/** How much faster than at the last growth. A window that was the limit gives 2, noise gives 1.2. */
const worthwhileSpeedUp = 1.5;

/** What all receive windows of a session together may grow by beyond their initial size. */
export class WindowBudget {
  #remainingBytes: number;

  constructor(totalBytes: number) {
    this.#remainingBytes = totalBytes;
  }

  get remainingBytes(): number {
    return this.#remainingBytes;
  }

  /** Takes up to `sizeBytes` and returns how much that was. */
  take(sizeBytes: number): number {
    const taken = Math.min(sizeBytes, this.#remainingBytes);
    this.#remainingBytes -= taken;
    return taken;
  }

  give(sizeBytes: number): void {
    this.#remainingBytes += sizeBytes;
  }
}

export interface ReceiveWindowOptions {
  /** The window never grows beyond this, in bytes. */
  readonly maximumBytes: number;
  readonly budget: WindowBudget;
  readonly nowMs: number;
}

export class ReceiveWindow {
  readonly #maximumBytes: number;
  readonly #budget: WindowBudget;
  #sizeBytes = initialWindowBytes;
  #availableBytes = initialWindowBytes;
  #unreadBytes = 0;
  #isUpdateDue = false;
  /** Since when the speed is taken, and what has been read since. */
  #spanStartMs: number;
  #spanBytes = 0;
  /** The speed at which the window grew last. */
  #grownAtBytesPerMs = 0;

  constructor({ maximumBytes, budget, nowMs }: ReceiveWindowOptions) {
    this.#maximumBytes = maximumBytes;
    this.#budget = budget;
    this.#spanStartMs = nowMs;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Books a data frame of `sizeBytes` before its payload arrives; false when the other end may not send so much. */
  charge(sizeBytes: number): boolean {
    if (sizeBytes > this.#availableBytes) return false;
    this.#availableBytes -= sizeBytes;
    this.#unreadBytes += sizeBytes;
    return true;
  }

  /**
   * The application has read `sizeBytes`. Returns true when a window update has become due: half a window is free, so
   * that there is one update per half window and not one per read.
   *
   * @param roundTripMs - of the session; undefined before the first measurement, in which time the window does not grow.
   */
  consume(sizeBytes: number, nowMs: number, roundTripMs: number | undefined): boolean {
    this.#unreadBytes -= sizeBytes;
    this.#spanBytes += sizeBytes;
    if (this.#isUpdateDue || this.#creditBytes() < this.#sizeBytes / 2) return false;
    this.#isUpdateDue = true;
    if (roundTripMs !== undefined) this.#tune(nowMs, Math.max(spanRoundTrips * roundTripMs, minimumSpanMs));
    return true;
  }

  /** Allows the other end all that there is room for and returns the delta for the window update, possibly 0. */
  grant(): number {
    const creditBytes = this.#creditBytes();
    this.#availableBytes += creditBytes;
    this.#isUpdateDue = false;
    return creditBytes;
  }

  /** Gives back to the budget what this window had grown by. Call it once, when the stream is forgotten. */
  release(): void {
    this.#budget.give(this.#sizeBytes - initialWindowBytes);
  }

  #tune(nowMs: number, spanMs: number): void {
    const elapsedMs = nowMs - this.#spanStartMs;
    if (elapsedMs < spanMs) return;
    const bytesPerMs = this.#spanBytes / elapsedMs;
    const isFast = bytesPerMs * spanMs >= this.#sizeBytes;
    if (isFast && bytesPerMs >= this.#grownAtBytesPerMs * worthwhileSpeedUp) {
      const wantedBytes = Math.min(this.#sizeBytes * 2, this.#maximumBytes) - this.#sizeBytes;
      if (wantedBytes > 0) this.#sizeBytes += this.#budget.take(wantedBytes);
      this.#grownAtBytesPerMs = bytesPerMs;
    }
    this.#spanStartMs = nowMs;
    this.#spanBytes = 0;
  }

  #creditBytes(): number {
    return this.#sizeBytes - this.#availableBytes - this.#unreadBytes;
  }
}
