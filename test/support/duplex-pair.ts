/** Two streams joined in memory: what is written to one is read from the other (`stream.duplexPair` needs Node 20.17). */
import { Duplex } from 'node:stream';

/** Both ends have `allowHalfOpen: true`. Destroying one with an error destroys the other with it, like a reset. */
export function createDuplexPair(): { a: Duplex; b: Duplex } {
  const a = new DuplexEnd();
  const b = new DuplexEnd();
  a.other = b;
  b.other = a;
  return { a, b };
}

class DuplexEnd extends Duplex {
  other: DuplexEnd | undefined;
  /** Lets the other end write on, once somebody reads here. */
  #onRead: (() => void) | undefined;

  override _read(): void {
    const resume = this.#onRead;
    this.#onRead = undefined;
    resume?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    if (this.other?.push(chunk) === false) this.other.#onRead = callback;
    else callback();
  }

  override _final(callback: () => void): void {
    this.other?.push(null);
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (error !== null && this.other?.destroyed === false) this.other.destroy(error);
    callback(error);
  }
}
