/** Tells HTTP/2 by the first bytes of either end, RFC 9113 §3.4. */
import { connectionPreface, frameTypes } from './frame.ts';

/** No other protocol starts like this: `PRI` is no method. */
export function isPreface(bytes: Buffer): boolean {
  return bytes.length >= connectionPreface.length && canBePreface(bytes);
}

/** These may be the first bytes of a preface, or a whole one. */
export function canBePreface(bytes: Buffer): boolean {
  const size = Math.min(bytes.length, connectionPreface.length);
  return size > 0 && connectionPreface.subarray(0, size).equals(bytes.subarray(0, size));
}

/** Length in three bytes, the type, no flags, stream 0. */
const SETTINGS_HEADER_BYTES = 9;

/**
 * A server says hello with a SETTINGS frame, and need not wait for the client. No server that greets in another protocol
 * starts with these bytes: MySQL's fourth is 0, and text has no NUL.
 */
export function isServerPreface(bytes: Buffer): boolean {
  return (
    bytes.length >= SETTINGS_HEADER_BYTES &&
    bytes[0] === 0 &&
    bytes.readUIntBE(1, 2) % 6 === 0 &&
    bytes[3] === frameTypes.settings &&
    bytes.readUIntBE(4, 5) === 0
  );
}
