/**
 * Addresses as SOCKS5 writes them, in requests, replies and UDP headers alike. Big-endian. RFC 1928 §4, §5.
 *
 *     +------+----------+----------+
 *     | ATYP |   ADDR   |   PORT   |      ADDR: 4 bytes (IPv4), 16 bytes (IPv6),
 *     +------+----------+----------+            or 1 byte length and a name of 1-255 bytes
 *     |  1   | variable |    2     |
 *     +------+----------+----------+
 */
import {
  findIpAddress,
  formatIpAddress,
  isHostName,
  toIpAddress,
  type SocketAddress,
} from '../../address/index.ts';
import { raise } from '../../errors/index.ts';
import { addressTypes } from './registry.ts';

/** Writes an address; a host that is no IP address becomes a domain name. @throws SOCKS_PROTOCOL over 255 bytes */
export function encodeAddress({ host, port }: SocketAddress): Buffer {
  const portBytes = Buffer.from([port >> 8, port & 0xff]);
  const ip = findIpAddress(host);
  if (ip !== undefined) {
    const type = ip.version === 4 ? addressTypes.ipv4 : addressTypes.ipv6;
    return Buffer.concat([Buffer.from([type]), ip.bytes, portBytes]);
  }
  const name = Buffer.from(host, 'latin1');
  if (name.length > 255) return raise('SOCKS_PROTOCOL', { reason: 'a domain name longer than 255 bytes' });
  return Buffer.concat([Buffer.from([addressTypes.domainName, name.length]), name, portBytes]);
}

/**
 * Returns how many bytes an address takes whose first two are `addressType` and `next`, or undefined for a type that
 * does not exist.
 */
export function findAddressSize(addressType: number, next: number): number | undefined {
  switch (addressType) {
    case addressTypes.ipv4:
      return 1 + 4 + 2;
    case addressTypes.ipv6:
      return 1 + 16 + 2;
    case addressTypes.domainName:
      return 1 + 1 + next + 2;
    default:
      return undefined;
  }
}

/**
 * Reads an address that fills `bytes` exactly, as {@link findAddressSize} says.
 *
 * @throws SOCKS_PROTOCOL for a name that is none: what could reach a log, a header or a resolver as something else
 */
export function decodeAddress(bytes: Buffer): SocketAddress {
  const port = bytes.readUInt16BE(bytes.length - 2);
  if (bytes[0] !== addressTypes.domainName) {
    return { host: formatIpAddress(toIpAddress(bytes.subarray(1, -2))), port };
  }
  const host = bytes.toString('latin1', 2, bytes.length - 2);
  // Clients that leave all resolution to the proxy also send IP addresses in their text form.
  if (findIpAddress(host) === undefined && !isHostName(host)) {
    return raise('SOCKS_PROTOCOL', { reason: `${JSON.stringify(host)} is not a domain name` });
  }
  return { host, port };
}
