/**
 * The yamux frame header: 12 bytes, all fields big-endian.
 *
 *      0        1        2                 4                 8                12
 *     +--------+--------+-----------------+-----------------+-----------------+
 *     | version|  type  |      flags      |    stream id    |     length      |
 *     +--------+--------+-----------------+-----------------+-----------------+
 *
 * `length` counts the bytes that follow for a data frame, is a delta for a window update, an opaque value for a ping and
 * a code for go away. Only data frames are followed by a payload. Nothing here knows about sessions or streams: that is
 * `session.ts`. Which version of yamux: 0, the only one.
 *
 * @see https://github.com/hashicorp/yamux/blob/d74828474340c459f877a3b6ae77d8899fefc9cc/spec.md "Framing"
 */
import { raise } from '../../errors/index.ts';

export const frameTypes = { data: 0, windowUpdate: 1, ping: 2, goAway: 3 } as const;
export type FrameType = (typeof frameTypes)[keyof typeof frameTypes];

/** Bits of the flags field. Bits that the specification does not name are ignored, as all implementations do. */
export const frameFlags = { syn: 1, ack: 2, fin: 4, rst: 8 } as const;

/** What the length of a go away frame means. */
export const goAwayCodes = { normalTermination: 0, protocolError: 1, internalError: 2 } as const;
export type GoAwayCode = (typeof goAwayCodes)[keyof typeof goAwayCodes];

export const headerSizeBytes = 12;

/** Window of both halves of each new stream; fixed by the specification ("Flow Control"). */
export const initialWindowBytes: number = 256 * 1024;

/** The largest value of the stream id and length fields. */
export const maximumUint32 = 0xffff_ffff;

const version = 0;
/** The stream id that means the session itself. */
export const sessionStreamId = 0;

export interface FrameHeader {
  readonly type: FrameType;
  readonly flags: number;
  readonly streamId: number;
  readonly length: number;
}

/**
 * Returns the 12 bytes of `header`.
 *
 * @param room - bytes to allocate after the header, uninitialised, for a payload that the caller copies there.
 */
export function encodeHeader({ type, flags, streamId, length }: FrameHeader, room = 0): Buffer {
  const bytes = Buffer.allocUnsafe(headerSizeBytes + room);
  bytes[0] = version;
  bytes[1] = type;
  bytes.writeUInt16BE(flags, 2);
  bytes.writeUInt32BE(streamId, 4);
  bytes.writeUInt32BE(length, 8);
  return bytes;
}

/**
 * Reads the header at `offset`, which has 12 bytes, and checks what can be checked without knowing the session.
 *
 * @throws {MUX_PROTOCOL} for another version, an unknown type, a type that does not belong on its stream id, or a ping
 * that is neither request nor response.
 */
export function decodeHeader(bytes: Buffer, offset = 0): FrameHeader {
  if (bytes[offset] !== version) violation(`version ${String(bytes[offset])} instead of ${version}`);
  const type = bytes[offset + 1] as FrameType;
  const flags = bytes.readUInt16BE(offset + 2);
  const streamId = bytes.readUInt32BE(offset + 4);
  const length = bytes.readUInt32BE(offset + 8);
  switch (type) {
    case frameTypes.data:
    case frameTypes.windowUpdate:
      if (streamId === sessionStreamId) violation(`frame of type ${type} for stream 0`);
      break;
    case frameTypes.ping: {
      if (streamId !== sessionStreamId) violation(`ping for stream ${streamId}`);
      const direction = flags & (frameFlags.syn | frameFlags.ack);
      if (direction !== frameFlags.syn && direction !== frameFlags.ack) violation(`ping with flags ${flags}`);
      break;
    }
    case frameTypes.goAway:
      if (streamId !== sessionStreamId) violation(`go away for stream ${streamId}`);
      break;
    default:
      violation(`unknown frame type ${String(type)}`);
  }
  return { type, flags, streamId, length };
}

/** @throws {MUX_PROTOCOL} always; the session answers it with go away 1 ("protocol error"). */
export function violation(reason: string): never {
  raise('MUX_PROTOCOL', { reason });
}
