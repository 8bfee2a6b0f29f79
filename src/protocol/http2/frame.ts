/**
 * Frames of HTTP/2, RFC 9113 §4.1 and §6.
 *
 *      0        3      4       5           9
 *     +--------+------+-------+-----------+----------------
 *     | length | type | flags | stream id | payload
 *     +--------+------+-------+-----------+----------------
 */
import { raise } from '../../errors/index.ts';
import { frameLimitBytes } from './limits.ts';

export const frameHeaderBytes = 9;

/** What a client sends first, RFC 9113 §3.4. */
export const connectionPreface: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const frameTypes = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  rstStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

export const flags = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** RFC 9113 §7. */
export const errorCodes = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  ENHANCE_YOUR_CALM: 0xb,
  HTTP_1_1_REQUIRED: 0xd,
} as const;
export type ErrorName = keyof typeof errorCodes;

/** RFC 9113 §6.5.2. */
export const settings = {
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
} as const;

export interface Frame {
  type: number;
  flags: number;
  streamId: number;
  /** View of the received bytes. */
  payload: Buffer;
}

/** The other end has to be left: `name` is what GOAWAY tells it. */
export function violation(name: ErrorName, reason: string): never {
  return raise('HTTP_PROTOCOL', { name, reason });
}

export function encodeFrameHeader(length: number, type: number, flagBits: number, streamId: number): Buffer {
  const header = Buffer.allocUnsafe(frameHeaderBytes);
  header.writeUIntBE(length, 0, 3);
  header[3] = type;
  header[4] = flagBits;
  header.writeUInt32BE(streamId, 5);
  return header;
}

export function encodeFrame(type: number, flagBits: number, streamId: number, payload: Buffer): Buffer {
  return Buffer.concat([encodeFrameHeader(payload.length, type, flagBits, streamId), payload]);
}

/** A frame whose payload is one or two 32-bit numbers. */
export function encodeNumbers(type: number, streamId: number, ...numbers: number[]): Buffer {
  const payload = Buffer.allocUnsafe(4 * numbers.length);
  numbers.forEach((number, index) => payload.writeUInt32BE(number, 4 * index));
  return encodeFrame(type, 0, streamId, payload);
}

export function encodeSettings(pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.allocUnsafe(6 * pairs.length);
  pairs.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  });
  return encodeFrame(frameTypes.settings, 0, 0, payload);
}

/** The frames of a header block: HEADERS, and CONTINUATION for what is over the size of a frame. */
export function encodeHeaderFrames(streamId: number, block: Buffer, isEnd: boolean): Buffer {
  const frames: Buffer[] = [];
  for (let offset = 0; offset === 0 || offset < block.length; offset += frameLimitBytes) {
    const part = block.subarray(offset, offset + frameLimitBytes);
    const isLast = offset + part.length === block.length;
    const flagBits = (isLast ? flags.endHeaders : 0) | (offset === 0 && isEnd ? flags.endStream : 0);
    const type = offset === 0 ? frameTypes.headers : frameTypes.continuation;
    frames.push(encodeFrameHeader(part.length, type, flagBits, streamId), part);
  }
  return Buffer.concat(frames);
}

/**
 * The content of a DATA or HEADERS frame, without padding and priority.
 * @throws {HTTP_PROTOCOL} when the padding is longer than the frame
 */
export function withoutPadding({ type, flags: flagBits, payload }: Frame): Buffer {
  const isPadded = (flagBits & flags.padded) !== 0;
  const priorityBytes = type === frameTypes.headers && (flagBits & flags.priority) !== 0 ? 5 : 0;
  const start = (isPadded ? 1 : 0) + priorityBytes;
  const end = payload.length - (isPadded ? (payload[0] ?? 0) : 0);
  if (start > end) violation('PROTOCOL_ERROR', 'padding is longer than its frame');
  return payload.subarray(start, end);
}
