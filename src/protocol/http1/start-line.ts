/** The first line of a message, RFC 9112 §3 and §4. Only HTTP/1.0 and HTTP/1.1 are understood. */
import { methodLimitBytes } from './limits.ts';
import { METHOD, SP, TARGET, skipClass } from './octets.ts';
import type { OpaqueReason } from './opaque.ts';

/** The minor version of HTTP/1. */
export type MinorVersion = 0 | 1;

export interface RequestLine {
  method: string;
  minorVersion: MinorVersion;
}

export interface StatusLine {
  status: number;
  minorVersion: MinorVersion;
}

/** `HTTP/1.x` */
const VERSION_BYTES = 8;

/** Parses `method SP request-target SP HTTP-version`; exactly one space each, as lenient readers disagree about more. */
export function parseRequestLine(line: Buffer): RequestLine | OpaqueReason {
  const methodEnd = skipClass(line, 0, METHOD);
  const targetEnd = skipClass(line, methodEnd + 1, TARGET);
  const minorVersion = minorVersionAt(line, targetEnd + 1);
  const hasParts =
    methodEnd > 0 &&
    methodEnd <= methodLimitBytes &&
    line[methodEnd] === SP &&
    targetEnd > methodEnd + 1 &&
    line[targetEnd] === SP &&
    targetEnd + 1 + VERSION_BYTES === line.length;
  if (!hasParts || minorVersion === undefined) return 'start-line';
  return { method: line.toString('latin1', 0, methodEnd), minorVersion };
}

/** Returns the request target of a line that {@link parseRequestLine} understood. */
export function requestTargetOf(line: Buffer, { method }: RequestLine): string {
  return line.toString('latin1', method.length + 1, line.length - VERSION_BYTES - 1);
}

/** Tells whether `bytes` can be the start of a request line, as far as its method goes. */
export function canStartRequestLine(bytes: Buffer): boolean {
  const methodEnd = skipClass(bytes, 0, METHOD);
  if (methodEnd > methodLimitBytes) return false;
  return methodEnd === bytes.length || (methodEnd > 0 && bytes[methodEnd] === SP);
}

/** `HTTP-version SP 3DIGIT [ SP reason ]`; some servers leave out the space when they have no reason. */
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: .*)?$/s;

export function parseStatusLine(line: Buffer): StatusLine | OpaqueReason {
  const match = STATUS_LINE.exec(line.toString('latin1', 0, line.length));
  if (match === null) return 'start-line';
  return { status: Number(match[2]), minorVersion: match[1] === '1' ? 1 : 0 };
}

function minorVersionAt(line: Buffer, start: number): MinorVersion | undefined {
  switch (line.toString('latin1', start, start + VERSION_BYTES)) {
    case 'HTTP/1.1':
      return 1;
    case 'HTTP/1.0':
      return 0;
    default:
      return undefined;
  }
}
