/** Hosts, ports and `host:port` as people and protocols write them. */
import { raise } from '../errors/index.ts';
import { findIpAddress } from './ip-address.ts';

/** Where to dial or listen. `host` is a name or an IP address without brackets. */
export interface SocketAddress {
  readonly host: string;
  /** 0-65535; 0 only where somebody else chooses the port. */
  readonly port: number;
}

/** Longest name in its text form. @see RFC 1035 §2.3.4 (255 bytes on the wire, two of which the text does not have) */
const maximumNameLength = 253;

/** Reads a port from 1 to 65535. @throws ADDRESS_INVALID */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) {
    return raise('ADDRESS_INVALID', { text, expected: 'a port from 1 to 65535' });
  }
  return port;
}

/**
 * Reads a host: an IP address (returned without brackets) or a name (returned as written). Underscores pass, since
 * cluster names may carry them; whatever could end a header line, a URL or a shell word does not.
 *
 * @throws ADDRESS_INVALID
 */
export function parseHost(text: string): string {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : undefined;
  if (bare !== undefined && findIpAddress(bare)?.version === 6) return bare;
  if (bare === undefined && (findIpAddress(text) !== undefined || isHostName(text))) return text;
  return raise('ADDRESS_INVALID', { text, expected: 'a host name or an IP address' });
}

/** Tells whether `text` can be the name of a host: labels of 1-63 letters, digits, `-` and `_`; a final dot is allowed. */
export function isHostName(text: string): boolean {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (name.length > maximumNameLength) return false;
  const labels = name.split('.');
  // A last label of digits only would be a malformed IPv4 address, never a name (RFC 1123 §2.1).
  if (/^\d+$/.test(labels.at(-1) ?? '')) return false;
  return labels.every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label));
}

/**
 * Reads `HOST:PORT`, with IPv6 addresses in brackets. Without `:PORT` the port is `defaultPort`, and missing that is
 * an error.
 *
 * @throws ADDRESS_INVALID
 */
export function parseSocketAddress(text: string, options: { defaultPort?: number } = {}): SocketAddress {
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d+))?$/.exec(text);
  const host = match?.[1];
  const port = match?.[2];
  const { defaultPort } = options;
  if (host === undefined || (port === undefined && defaultPort === undefined)) {
    return raise('ADDRESS_INVALID', { text, expected: 'HOST:PORT' });
  }
  return { host: parseHost(host), port: port === undefined ? (defaultPort ?? 0) : parsePort(port) };
}

/** Prints `host:port`, with brackets around IPv6 addresses. */
export function formatSocketAddress({ host, port }: SocketAddress): string {
  return `${formatHost(host)}:${String(port)}`;
}

/** Prints a host as URLs and `Host` fields have it: IPv6 addresses in brackets. @see RFC 3986 §3.2.2 */
export function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
