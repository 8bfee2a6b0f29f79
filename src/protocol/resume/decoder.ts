import { ByteQueue } from '../../core/index.ts';
import { CONTROL_PAYLOAD_LIMIT_BYTES, HEADER_BYTES, kinds, violation, type Frame } from './frame.ts';

/**
 * Cuts the bytes of one carrier into frames. The payload of DATA is handed on as it comes, in parts that are views of the
 * chunks; nothing but an unfinished header or control frame is kept.
 */
export class FrameDecoder {
  readonly #queue = new ByteQueue();
  /** What is still to come of a DATA frame, and its offset. */
  #data = { offset: 0, remaining: 0 };

  /** Takes ownership of `chunk`. */
  push(chunk: Buffer): void {
    this.#queue.push(chunk);
  }

  /** The next frame or part of one; undefined: more bytes are needed. @throws {TUNNEL_PROTOCOL} */
  next(): Frame | undefined {
    if (this.#data.remaining > 0) return this.#nextPart();
    const queue = this.#queue;
    if (queue.sizeBytes < HEADER_BYTES) return undefined;
    const kind = kinds[queue.peekByte(0) as number] ?? violation('an unknown frame');
    const length = this.#peek(1, 3);
    if (kind !== 'data' && length > CONTROL_PAYLOAD_LIMIT_BYTES) violation(`${kind} of ${length} bytes`);
    if (kind !== 'data' && queue.sizeBytes < HEADER_BYTES + length) return undefined;
    const value = this.#peek(4, 8);
    if (!Number.isSafeInteger(value + length)) violation('an offset out of range');
    queue.read(HEADER_BYTES);
    if (kind !== 'data') return { kind, value, payload: queue.read(length) as Buffer };
    this.#data = { offset: value, remaining: length };
    return length === 0 ? { kind, value, payload: Buffer.alloc(0) } : this.#nextPart();
  }

  #nextPart(): Frame | undefined {
    const { offset, remaining } = this.#data;
    const payload = this.#queue.readUpTo(remaining);
    if (payload === undefined) return undefined;
    this.#data = { offset: offset + payload.length, remaining: remaining - payload.length };
    return { kind: 'data', value: offset, payload };
  }

  #peek(first: number, count: number): number {
    let value = 0;
    for (let i = first; i < first + count; i += 1) value = value * 256 + (this.#queue.peekByte(i) as number);
    return value;
  }
}
