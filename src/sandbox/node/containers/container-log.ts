/**
 * The output of one run of a container, in memory, bounded: the oldest lines go first. It is read as often as one likes, also while it grows.
 */
import { Readable } from 'node:stream';
import type { Clock } from '../../../core/index.ts';
import type { LogOptions } from '../kubelet-api.ts';
import { MAX_LOG_BYTES, MAX_LOG_LINE_BYTES, MAX_LOG_LINES } from '../limits.ts';

interface Line {
  epochMs: number;
  /** With its newline, unless the output ended or the line was cut. */
  bytes: Buffer;
}

const NEWLINE = 10;

export class ContainerLog {
  readonly #clock: Clock;
  #lines: Line[] = [];
  /** How many lines have been dropped; number of the first that is kept. */
  #dropped = 0;
  #sizeBytes = 0;
  #isEnded = false;
  readonly #wakers = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns where one stream of the process (stdout or stderr) is written: lines of different streams are not mixed. */
  createStream(): { write(chunk: Buffer): void; end(): void } {
    let pending: Buffer = Buffer.alloc(0);
    return {
      write: (chunk): void => {
        pending = Buffer.concat([pending, chunk]);
        for (;;) {
          const newline = pending.indexOf(NEWLINE);
          const length = newline === -1 ? MAX_LOG_LINE_BYTES : Math.min(newline + 1, MAX_LOG_LINE_BYTES);
          if (pending.length < length || (newline === -1 && pending.length === 0)) return;
          this.#append(Buffer.from(pending.subarray(0, length)));
          pending = pending.subarray(length);
        }
      },
      end: (): void => {
        if (pending.length > 0) this.#append(pending);
        pending = Buffer.alloc(0);
      },
    };
  }

  /** No more will come. Idempotent. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** The last lines, at most so many bytes: for termination messages. */
  tail(maximumLines: number, maximumBytes: number): string {
    const text = Buffer.concat(this.#lines.slice(-maximumLines).map(({ bytes }) => bytes));
    return text.subarray(Math.max(0, text.length - maximumBytes)).toString('utf8');
  }

  /** Ends after what is there, or when the log ends, if it follows. Aborting the signal ends it too. */
  read(
    { follow, timestamps, tailLines, limitBytes, sinceMs }: Omit<LogOptions, 'previous'>,
    signal: AbortSignal,
  ): Readable {
    const total = this.#dropped + this.#lines.length;
    let next = tailLines === undefined ? this.#dropped : Math.max(this.#dropped, total - tailLines);
    let leftBytes = limitBytes ?? Infinity;
    const readable = new Readable({
      read: (): void => push(),
      destroy: (error, done): void => {
        this.#wakers.delete(push);
        signal.removeEventListener('abort', finish);
        done(error);
      },
    });
    const finish = (): void => void readable.push(null);
    const push = (): void => {
      this.#wakers.delete(push);
      if (readable.readableEnded || readable.destroyed) return;
      for (;;) {
        next = Math.max(next, this.#dropped);
        const line = this.#lines[next - this.#dropped];
        if (leftBytes <= 0 || signal.aborted) {
          finish();
          return;
        }
        if (line === undefined) break;
        next += 1;
        if (sinceMs !== undefined && line.epochMs < sinceMs) continue;
        const bytes = timestamps
          ? Buffer.concat([Buffer.from(`${formatTime(line.epochMs)} `), line.bytes])
          : line.bytes;
        const part = bytes.subarray(0, leftBytes);
        leftBytes -= part.length;
        if (!readable.push(part)) return;
      }
      if (!follow || this.#isEnded) finish();
      else this.#wakers.add(push);
    };
    signal.addEventListener('abort', finish, { once: true });
    return readable;
  }

  #append(bytes: Buffer): void {
    this.#lines.push({ epochMs: this.#clock.epochMs(), bytes });
    this.#sizeBytes += bytes.length;
    if (this.#sizeBytes > MAX_LOG_BYTES || this.#lines.length > MAX_LOG_LINES) this.#shrink();
    this.#wake();
  }

  /** Drops the older quarter, so that this is rare. */
  #shrink(): void {
    let count = 0;
    while (
      this.#sizeBytes > (MAX_LOG_BYTES * 3) / 4 ||
      this.#lines.length - count > (MAX_LOG_LINES * 3) / 4
    ) {
      this.#sizeBytes -= this.#lines[count]?.bytes.length ?? 0;
      count += 1;
    }
    this.#lines = this.#lines.slice(count);
    this.#dropped += count;
  }

  #wake(): void {
    for (const waker of [...this.#wakers]) waker();
  }
}

/** RFC 3339 with nanoseconds, of which this clock knows the milliseconds. */
function formatTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000000Z');
}
