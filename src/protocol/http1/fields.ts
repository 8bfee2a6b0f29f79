/**
 * Field lines (RFC 9112 §5), read for what they say about framing and about the connection. Of all the ways to write the
 * same length twice, or nearly, none is understood (RFC 9112 §6.3 and §11.2): that is where request smuggling lives.
 */
import { COLON, TOKEN, skipClass } from './octets.ts';
import type { OpaqueReason } from './opaque.ts';
import type { MinorVersion } from './start-line.ts';

/** What the fields of one head say. */
export interface FramingFields {
  contentLength: number | undefined;
  isChunked: boolean;
  /** Connection: close */
  hasClose: boolean;
  /** Connection: keep-alive */
  hasKeepAlive: boolean;
  /** Connection: upgrade, or an Upgrade field. */
  hasUpgrade: boolean;
}

export function createFramingFields(): FramingFields {
  return {
    contentLength: undefined,
    isChunked: false,
    hasClose: false,
    hasKeepAlive: false,
    hasUpgrade: false,
  };
}

/**
 * The two values that say where a message ends, with nothing around them but the one space that everybody writes: RFC 9112
 * allows more whitespace, but llhttp (Node 20), for one, sees no `chunked` before a tab. 15 digits are a safe integer.
 */
const CONTENT_LENGTH = /^ ?\d{1,15}$/;
const CHUNKED = /^ ?chunked$/i;

/** Adds what `line` says to `fields`. Returns a reason when it cannot be said what it means. */
export function readFieldLine(line: Buffer, fields: FramingFields): OpaqueReason | undefined {
  const nameBytes = fieldNameBytes(line);
  if (nameBytes === 0) return 'field-line';
  switch (nameBytes) {
    // The names that matter have these lengths; no other needs to become a string.
    case 7:
    case 10:
    case 14:
    case 17:
      return readNamed(fieldName(line, nameBytes), line, fields);
    default:
      return undefined;
  }
}

function readNamed(name: string, line: Buffer, fields: FramingFields): OpaqueReason | undefined {
  switch (name) {
    case 'content-length': {
      const value = rawValue(line, name.length);
      if (fields.contentLength !== undefined || !CONTENT_LENGTH.test(value)) return 'content-length';
      fields.contentLength = Number(value);
      break;
    }
    case 'transfer-encoding':
      if (fields.isChunked || !CHUNKED.test(rawValue(line, name.length))) return 'transfer-coding';
      fields.isChunked = true;
      break;
    case 'connection':
      for (const option of fieldValue(line, name.length)
        .toLowerCase()
        .split(/[\t ]*,[\t ]*/)) {
        if (option === 'close') fields.hasClose = true;
        else if (option === 'keep-alive') fields.hasKeepAlive = true;
        else if (option === 'upgrade') fields.hasUpgrade = true;
      }
      break;
    case 'upgrade':
      fields.hasUpgrade = true;
      break;
  }
  return undefined;
}

/** Length of the field name in bytes, or 0 when the line does not start with a name and a colon right behind it. */
export function fieldNameBytes(line: Buffer): number {
  const nameBytes = skipClass(line, 0, TOKEN);
  return line[nameBytes] === COLON ? nameBytes : 0;
}

/** The field name in lower case. */
export function fieldName(line: Buffer, nameBytes: number): string {
  return line.toString('latin1', 0, nameBytes).toLowerCase();
}

/** The value without the whitespace around it; `trim()` would take more than HTTP's (NBSP, for one). */
export function fieldValue(line: Buffer, nameBytes: number): string {
  return rawValue(line, nameBytes).replace(/^[\t ]+|[\t ]+$/g, '');
}

function rawValue(line: Buffer, nameBytes: number): string {
  return line.toString('latin1', nameBytes + 1);
}

/** Returns the first ambiguity that only the whole head shows: RFC 9112 §6.1 and §6.3. */
export function findContradiction(
  { contentLength, isChunked }: FramingFields,
  minorVersion: MinorVersion,
): OpaqueReason | undefined {
  if (isChunked && contentLength !== undefined) return 'two-lengths';
  if (isChunked && minorVersion === 0) return 'transfer-coding';
  return undefined;
}

/** Tells whether the sender of the head means to keep the connection, RFC 9112 §9.3. */
export function isPersistent(fields: FramingFields, minorVersion: MinorVersion): boolean {
  return !fields.hasClose && (minorVersion === 1 || fields.hasKeepAlive);
}
