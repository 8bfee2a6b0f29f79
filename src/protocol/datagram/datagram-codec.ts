/**
 * Datagrams over an ordered byte stream: how the UDP of one association travels through a stream of the tunnel. This is
 * the pure part; `src/net/stream-association.ts` puts it on a Duplex. Specified in docs/PROTOCOL.md; the same framing as
 * DNS over TCP (RFC 1035 §4.2.2).
 *
 *      0                   1
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
 *     +-------------------------------+
 *     |       length (unsigned)       |
 *     +-------------------------------+
 *     |     payload, length bytes     |
 *     .                               .
 *     +-------------------------------+
 *
 * Big-endian. A length of 0 is an empty datagram, which UDP has too. Lengths over 65,507 are a protocol violation.
 */
import { ByteQueue } from '../../core/index.ts';
import { raise } from '../../errors/index.ts';

const headerBytes = 2;

/** Longest payload of a UDP datagram over IPv4: 65,535 less the IP and UDP headers. @see RFC 768, RFC 791 §3.1 */
export const maximumDatagramBytes = 65_507;

/** Frames one datagram; `payload` is copied. @throws INTERNAL when it is longer than {@link maximumDatagramBytes} */
export function encodeDatagram(payload: Buffer): Buffer {
  if (payload.length > maximumDatagramBytes) {
    return raise('INTERNAL', { reason: `a datagram of ${String(payload.length)} bytes` });
  }
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  frame.writeUInt16BE(payload.length);
  payload.copy(frame, headerBytes);
  return frame;
}

/** Takes a byte stream apart into datagrams. It holds less than one frame, and so at most 64 KiB and one chunk. */
export class DatagramDecoder {
  readonly #queue = new ByteQueue();
  /** Payload length of the frame whose header has been read. */
  #length: number | undefined;

  /**
   * Takes the next bytes, which must not change afterwards, and returns the datagrams that they complete, in order, as
   * views of what was received.
   *
   * @throws TUNNEL_PROTOCOL for a length over {@link maximumDatagramBytes}; the decoder is of no use afterwards
   */
  receive(chunk: Buffer): Buffer[] {
    this.#queue.push(chunk);
    const datagrams: Buffer[] = [];
    for (let next = this.#next(); next !== undefined; next = this.#next()) datagrams.push(next);
    return datagrams;
  }

  /** Tells that the stream has ended. @throws TUNNEL_PROTOCOL in the middle of a frame */
  end(): void {
    if (this.#length !== undefined || this.#queue.sizeBytes > 0) {
      raise('TUNNEL_PROTOCOL', { reason: 'the stream ended inside a datagram' });
    }
  }

  #next(): Buffer | undefined {
    this.#length ??= this.#queue.read(headerBytes)?.readUInt16BE();
    if (this.#length === undefined) return undefined;
    if (this.#length > maximumDatagramBytes) {
      return raise('TUNNEL_PROTOCOL', { reason: `a datagram of ${String(this.#length)} bytes` });
    }
    const payload = this.#queue.read(this.#length);
    if (payload !== undefined) this.#length = undefined;
    return payload;
  }
}
