/**
 * Request targets as a proxy gets them (RFC 9112 §3.2). Read by hand, not by `URL`, which would rewrite the path: the
 * target must see the bytes that the client sent.
 */
import { parseSocketAddress, type SocketAddress } from '../address/index.ts';
import { createError, isToolError, type ToolError } from '../errors/index.ts';

export interface RequestTarget {
  address: SocketAddress;
  /** Value of the Host field for the target: the authority as the client wrote it. */
  authority: string;
  /** The target in origin-form, or `*`. */
  path: string;
}

const httpPort = 80;

/**
 * Reads the absolute-form of a plain-HTTP request.
 *
 * @throws PROXY_REQUEST_INVALID for every other form and scheme, user information, and hosts that are none
 * @see RFC 9112 §3.2.2, §3.2.4
 */
export function parseAbsoluteForm(method: string, requestTarget: string): RequestTarget {
  const [, scheme, authority, rest] =
    /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(.*)$/s.exec(requestTarget) ?? [];
  if (scheme === undefined || authority === undefined || rest === undefined) {
    throw invalid(
      `this is a proxy, and "${requestTarget}" names no host; set it as the proxy of a program, not as its server`,
    );
  }
  if (scheme.toLowerCase() !== 'http') throw invalid(`"${scheme}:" needs the method CONNECT`);
  // RFC 9110 §4.2.4: user information in an HTTP URL is an error, and a favourite way to disguise a host.
  if (authority.includes('@')) throw invalid('the URL holds user information');
  // A fragment never belongs into a request; node:http of the target would take it for a part of the path.
  if (rest.includes('#')) throw invalid('the URL holds a fragment');
  const address = parseAddress(authority, { defaultPort: httpPort });
  return { address, authority, path: toOriginForm(method, rest) };
}

/** Reads the authority-form of CONNECT. @throws PROXY_REQUEST_INVALID @see RFC 9112 §3.2.3 */
export function parseAuthorityForm(requestTarget: string): SocketAddress {
  return parseAddress(requestTarget, {});
}

function toOriginForm(method: string, rest: string): string {
  if (rest === '' && method === 'OPTIONS') return '*';
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function parseAddress(text: string, options: { defaultPort?: number }): SocketAddress {
  try {
    return parseSocketAddress(text, options);
  } catch (error) {
    throw isToolError(error) ? invalid(error.message) : error;
  }
}

function invalid(reason: string): ToolError {
  return createError('PROXY_REQUEST_INVALID', { reason });
}
