/**
 * Frames of the resume layer (docs/PROTOCOL.md, "Resume"): 12 bytes of header, then the payload. The value is an offset in
 * one direction's bytes, of which there are at most 2^53 - 1.
 */
import { raise } from '../../errors/index.ts';

export const HEADER_BYTES = 12;
/** A ticket is so many random bytes: nobody guesses one. */
export const TICKET_BYTES = 32;
/** Payload of every frame but DATA, at most. */
export const CONTROL_PAYLOAD_LIMIT_BYTES = 64;
/** Largest payload that the length field can say. */
const LENGTH_LIMIT = 0xff_ff_ff;

const types = { data: 0, acknowledge: 1, end: 2, hello: 3, welcome: 4, refused: 5, abort: 6 } as const;

export type FrameKind = keyof typeof types;
export const kinds: readonly FrameKind[] = Object.keys(types) as FrameKind[];

/** Why an agent refuses a HELLO. */
export const refusals = { unknownTicket: 1 } as const;

export interface Frame {
  readonly kind: FrameKind;
  /** DATA, END: offset of the first byte, of the end. ACK, HELLO, WELCOME: the next offset expected. REFUSED: why. */
  readonly value: number;
  /** Of DATA possibly a part of the payload; the next part follows with the next offset. */
  readonly payload: Buffer;
}

/** The frame, or for DATA its header: then `payloadBytes` follow. */
export function encodeFrame(kind: FrameKind, value: number, payload: Buffer | number = 0): Buffer {
  const [body, length] = typeof payload === 'number' ? [undefined, payload] : [payload, payload.length];
  if (length > LENGTH_LIMIT) raise('INTERNAL', { reason: `a frame of ${length} bytes` });
  const frame = Buffer.allocUnsafe(HEADER_BYTES + (body?.length ?? 0));
  frame.writeUInt32BE(types[kind] * 0x1_00_00_00 + length, 0);
  frame.writeUInt32BE(Math.floor(value / 0x1_0000_0000), 4);
  frame.writeUInt32BE(value % 0x1_0000_0000, 8);
  body?.copy(frame, HEADER_BYTES);
  return frame;
}

/** WELCOME: the ticket of the session, and how long the agent keeps it without a carrier. */
export function encodeWelcome(received: number, ticket: Buffer, windowMs: number): Buffer {
  const window = Buffer.allocUnsafe(4);
  window.writeUInt32BE(windowMs);
  return encodeFrame('welcome', received, Buffer.concat([ticket, window]));
}

/** @throws {TUNNEL_PROTOCOL} */
export function readWelcome({ payload }: Frame): { ticket: Buffer; windowMs: number } {
  if (payload.length < TICKET_BYTES + 4) violation('a WELCOME without ticket or window');
  return {
    ticket: Buffer.from(payload.subarray(0, TICKET_BYTES)),
    windowMs: payload.readUInt32BE(TICKET_BYTES),
  };
}

export function violation(reason: string): never {
  raise('TUNNEL_PROTOCOL', { reason: `resume: ${reason}` });
}
