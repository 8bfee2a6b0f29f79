/**
 * Messages inside a tunnel stream: headers, replies and control messages (docs/PROTOCOL.md, "Messages").
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------------------------------------------------------+
 *     |                     length, big-endian                        |
 *     +---------------------------------------------------------------+
 *     |                     JSON text, UTF-8 ...                      |
 *     +---------------------------------------------------------------+
 *
 * Pure: bytes in, values out. What the values mean is in `contract/tunnel.ts`.
 */
import { ByteQueue } from '../../core/index.ts';
import { raise } from '../../errors/index.ts';

const LENGTH_BYTES = 4;

/** Returns an owned buffer with the framed message. @throws {INTERNAL} when it is larger than `limitBytes` */
export function encodeMessage(value: object, limitBytes: number): Buffer {
  const text = JSON.stringify(value);
  const size = Buffer.byteLength(text);
  if (size > limitBytes) raise('INTERNAL', { reason: `a tunnel message of ${size} bytes is over its limit` });
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + size);
  bytes.writeUInt32BE(size, 0);
  bytes.write(text, LENGTH_BYTES);
  return bytes;
}

/** Collects bytes until they make a message. */
export class MessageDecoder {
  readonly #queue = new ByteQueue();
  readonly #limitBytes: number;
  #size: number | undefined;

  /** @param limitBytes a longer message is refused from its length field alone, before anything is kept for it */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Takes ownership of `chunk`. */
  push(chunk: Buffer): void {
    this.#queue.push(chunk);
  }

  /**
   * Returns the next message, or undefined when its bytes are not there yet.
   * @throws {TUNNEL_PROTOCOL} for a message over the limit, or one that is not a JSON object
   */
  next(): object | undefined {
    this.#size ??= this.#readLength();
    if (this.#size === undefined) return undefined;
    const body = this.#queue.read(this.#size);
    if (body === undefined) return undefined;
    this.#size = undefined;
    return parseObject(body);
  }

  /** Removes and returns the bytes behind the last message. */
  takeRest(): Buffer {
    return this.#queue.readAll();
  }

  #readLength(): number | undefined {
    const size = this.#queue.read(LENGTH_BYTES)?.readUInt32BE(0);
    if (size !== undefined && size > this.#limitBytes)
      raise('TUNNEL_PROTOCOL', { reason: `a message of ${size} bytes, over ${this.#limitBytes}` });
    return size;
  }
}

function parseObject(body: Buffer): object {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    raise('TUNNEL_PROTOCOL', { reason: 'a message is not JSON' }, { cause });
  }
  if (typeof value !== 'object' || value === null)
    raise('TUNNEL_PROTOCOL', { reason: 'a message is not a JSON object' });
  return value;
}
