/**
 * A queue of bytes for decoders: chunks go in as they arrive, exact sizes come out. A chunk is copied only when a read
 * spans two of them.
 */
export class ByteQueue {
  #chunks: Buffer[] = [];
  /** Index of the first unread chunk; read chunks are dropped in batches to keep reads O(1). */
  #first = 0;
  /** Offset into the first unread chunk. */
  #offset = 0;
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Takes ownership of `chunk`: it must not change until it has been read. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
  }

  /** Returns the byte at `index` without removing it, or undefined when there are not so many. */
  peekByte(index: number): number | undefined {
    let remaining = index + this.#offset;
    for (let i = this.#first; i < this.#chunks.length; i += 1) {
      const chunk = this.#chunks[i] as Buffer;
      if (remaining < chunk.length) return chunk[remaining];
      remaining -= chunk.length;
    }
    return undefined;
  }

  /** Removes exactly `sizeBytes` and returns them (a view where one chunk holds them all), or undefined if too few. */
  read(sizeBytes: number): Buffer | undefined {
    if (sizeBytes > this.#sizeBytes) return undefined;
    if (sizeBytes === 0) return Buffer.alloc(0);
    const head = this.#chunks[this.#first] as Buffer;
    if (head.length - this.#offset >= sizeBytes) return this.#take(sizeBytes);
    const joined = Buffer.allocUnsafe(sizeBytes);
    for (let filled = 0; filled < sizeBytes;) {
      const part = this.readUpTo(sizeBytes - filled) as Buffer;
      part.copy(joined, filled);
      filled += part.length;
    }
    return joined;
  }

  /** Removes up to `maximumBytes` of the first chunk and returns a view of them; undefined when the queue is empty. */
  readUpTo(maximumBytes: number): Buffer | undefined {
    const head = this.#chunks[this.#first];
    if (head === undefined || maximumBytes === 0) return undefined;
    return this.#take(Math.min(maximumBytes, head.length - this.#offset));
  }

  /** Removes and returns everything, as one buffer. */
  readAll(): Buffer {
    return this.read(this.#sizeBytes) ?? Buffer.alloc(0);
  }

  /** Takes `sizeBytes` from the first chunk, which holds at least so many. */
  #take(sizeBytes: number): Buffer {
    const head = this.#chunks[this.#first] as Buffer;
    const view = head.subarray(this.#offset, this.#offset + sizeBytes);
    this.#offset += sizeBytes;
    this.#sizeBytes -= sizeBytes;
    if (this.#offset === head.length) {
      this.#offset = 0;
      this.#first += 1;
      if (this.#first > 64 || this.#sizeBytes === 0) {
        this.#chunks = this.#chunks.slice(this.#first);
        this.#first = 0;
      }
    }
    return view;
  }
}
