/**
 * Takes lines out of a stream of bytes. A line ends with CRLF and holds no control character but HTAB: a bare CR, a bare
 * LF or a NUL means different things to different readers (RFC 9112 §2.2), so here it means `control-character`.
 */
import { CR, LF, TEXT, skipClass } from './octets.ts';
import type { OpaqueReason } from './opaque.ts';

/** Enough for nearly every line that two segments share. */
const INITIAL_KEPT_BYTES = 256;
const NOTHING: Buffer = Buffer.alloc(0);

export class LineReader {
  /** The start of a line whose end has not come yet; undefined between lines. */
  #kept: Buffer | undefined;
  #keptBytes = 0;
  #remainingBytes = 0;

  /** Index behind what the last {@link read} took out of its chunk. */
  nextOffset = 0;

  /** Allows the lines from here on `limitBytes` together, line ends included. */
  beginSection(limitBytes: number): void {
    this.#remainingBytes = limitBytes;
  }

  /** True when a line has started and not ended. */
  get isWithinLine(): boolean {
    return this.#kept !== undefined;
  }

  /** What has come of the line that has not ended; a view, valid until the next {@link read}. */
  get partialLine(): Buffer {
    return this.#kept?.subarray(0, this.#keptBytes) ?? NOTHING;
  }

  /**
   * Reads the line at `offset` of `chunk`, or what there is of it. Returns the line without its CRLF as a view of `chunk`,
   * or of a copy where it came in parts; undefined when its end has not come yet.
   */
  read(chunk: Buffer, offset: number): Buffer | OpaqueReason | undefined {
    if (this.#kept !== undefined) return this.#readRest(chunk, offset);
    const end = skipClass(chunk, offset, TEXT);
    if (end + 1 < chunk.length) {
      if (chunk[end] !== CR || chunk[end + 1] !== LF) return 'control-character';
      return this.#take(end + 2, offset) ? chunk.subarray(offset, end) : 'too-large';
    }
    // The chunk ends within the line, or between its CR and LF.
    if (end < chunk.length && chunk[end] !== CR) return 'control-character';
    if (!this.#take(chunk.length, offset)) return 'too-large';
    this.#keep(chunk.subarray(offset));
    return undefined;
  }

  #readRest(chunk: Buffer, offset: number): Buffer | OpaqueReason | undefined {
    const lineFeed = chunk.indexOf(LF, offset);
    const next = lineFeed === -1 ? chunk.length : lineFeed + 1;
    if (!this.#take(next, offset)) return 'too-large';
    this.#keep(chunk.subarray(offset, next));
    if (lineFeed === -1) return undefined;
    const line = this.partialLine;
    this.#kept = undefined;
    this.#keptBytes = 0;
    const end = skipClass(line, 0, TEXT);
    return end === line.length - 2 && line[end] === CR ? line.subarray(0, end) : 'control-character';
  }

  /** Moves on to `next`, unless the section's limit is before it. */
  #take(next: number, offset: number): boolean {
    this.#remainingBytes -= next - offset;
    this.nextOffset = next;
    return this.#remainingBytes >= 0;
  }

  /** Copies, because the chunk may be much larger than the line and its memory is not ours to hold. */
  #keep(part: Buffer): void {
    const needed = this.#keptBytes + part.length;
    if (this.#kept === undefined || this.#kept.length < needed) {
      const grown = Buffer.allocUnsafe(Math.max(INITIAL_KEPT_BYTES, 2 * needed));
      this.#kept?.copy(grown, 0, 0, this.#keptBytes);
      this.#kept = grown;
    }
    part.copy(this.#kept, this.#keptBytes);
    this.#keptBytes = needed;
  }
}
