/**
 * What was written to a session and is not acknowledged. Chunks are kept as they came; short ones are copied together, so
 * that what is held is at most twice the bytes counted and the number of chunks stays small.
 */

/** Chunks below this size, in bytes, are copied together: headers of the layer above, mostly. */
const SHORT_BYTES = 1024;
const SLAB_BYTES = 16 * 1024;
/** A chunk that uses less than this part of a large memory is copied out of it. */
const RETAINED_SHARE = 1 / 2;
/** Acknowledged chunks leave the array in batches, which keeps that O(1). */
const COMPACT_AFTER = 256;

export class ReplayBuffer {
  #chunks: Buffer[] = [];
  /** Index of the first chunk that is kept, and the offset of its first byte. */
  #first = 0;
  #firstOffset = 0;
  /** Offset behind the last byte. */
  #end = 0;
  #acknowledged = 0;
  #slab = Buffer.alloc(0);
  #slabUsed = 0;
  /** Where the last read ended, so that the next one does not search. */
  #cursor = { offset: 0, index: 0, chunkOffset: 0 };

  /** Offset behind the last byte that was written. */
  get end(): number {
    return this.#end;
  }

  /** Everything below this offset has arrived. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  get sizeBytes(): number {
    return this.#end - this.#acknowledged;
  }

  /** `chunk` must not change any more. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (chunk.length < SHORT_BYTES) this.#pushShort(chunk);
    else this.#chunks.push(isWasteful(chunk) ? Buffer.from(chunk) : chunk);
    this.#end += chunk.length;
  }

  #pushShort(chunk: Buffer): void {
    if (this.#slabUsed + chunk.length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#slabUsed = 0;
    }
    const start = this.#slabUsed;
    chunk.copy(this.#slab, start);
    this.#slabUsed += chunk.length;
    const last = this.#chunks.length - 1;
    const before = last < this.#first ? undefined : this.#chunks[last];
    const joins = before?.buffer === this.#slab.buffer && before.byteOffset + before.length === start;
    if (joins) this.#chunks[last] = this.#slab.subarray(start - before.length, this.#slabUsed);
    else this.#chunks.push(this.#slab.subarray(start, this.#slabUsed));
  }

  /** Forgets what lies below `offset`, which lies between `acknowledged` and `end`. */
  acknowledge(offset: number): void {
    this.#acknowledged = offset;
    for (;;) {
      const chunk = this.#chunks[this.#first];
      if (chunk === undefined || this.#firstOffset + chunk.length > offset) break;
      this.#chunks[this.#first] = EMPTY;
      this.#first += 1;
      this.#firstOffset += chunk.length;
    }
    if (this.#first < COMPACT_AFTER) return;
    this.#chunks = this.#chunks.slice(this.#first);
    this.#cursor = { ...this.#cursor, index: this.#cursor.index - this.#first };
    this.#first = 0;
  }

  /** Views of at most `maximumBytes` from `offset` on, which is not acknowledged yet. */
  read(offset: number, maximumBytes: number): Buffer[] {
    const cursor = this.#seek(offset);
    const parts: Buffer[] = [];
    let remaining = Math.min(maximumBytes, this.#end - offset);
    while (remaining > 0) {
      const chunk = this.#chunks[cursor.index] as Buffer;
      const part = chunk.subarray(cursor.chunkOffset, cursor.chunkOffset + remaining);
      if (part.length > 0) parts.push(part);
      remaining -= part.length;
      cursor.offset += part.length;
      cursor.chunkOffset += part.length;
      if (remaining === 0) break;
      cursor.index += 1;
      cursor.chunkOffset = 0;
    }
    this.#cursor = cursor;
    return parts;
  }

  #seek(offset: number): { offset: number; index: number; chunkOffset: number } {
    if (this.#cursor.offset === offset && this.#cursor.index >= this.#first) return { ...this.#cursor };
    let index = this.#first;
    let start = this.#firstOffset;
    for (; index < this.#chunks.length; index += 1) {
      const { length } = this.#chunks[index] as Buffer;
      if (start + length > offset) break;
      start += length;
    }
    return { offset, index, chunkOffset: offset - start };
  }
}

const EMPTY = Buffer.alloc(0);

function isWasteful(chunk: Buffer): boolean {
  return chunk.length < chunk.buffer.byteLength * RETAINED_SHARE;
}
