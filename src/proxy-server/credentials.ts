import { createHash, timingSafeEqual } from 'node:crypto';

export interface ProxyCredentials {
  username: string;
  password: string;
}

/** Makes the check for `credentials`. Its time tells nothing about how much of a guess was right. */
export function createAuthenticator({
  username,
  password,
}: ProxyCredentials): (username: Buffer, password: Buffer) => boolean {
  const expected = digest(Buffer.from(username), Buffer.from(password));
  return (givenUsername, givenPassword) => timingSafeEqual(digest(givenUsername, givenPassword), expected);
}

/** A digest has the same length for all inputs; the separator cannot occur in a Basic user name (RFC 7617 §2). */
function digest(username: Buffer, password: Buffer): Buffer {
  return createHash('sha256').update(username).update(':').update(password).digest();
}

/** Reads `Basic` credentials; undefined for anything else. @see RFC 7617 §2 */
export function findBasicCredentials(
  value: string | undefined,
): { username: Buffer; password: Buffer } | undefined {
  const token = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(value ?? '')?.[1];
  if (token === undefined) return undefined;
  const decoded = Buffer.from(token, 'base64');
  const colon = decoded.indexOf(':');
  if (colon === -1) return undefined;
  return { username: decoded.subarray(0, colon), password: decoded.subarray(colon + 1) };
}
