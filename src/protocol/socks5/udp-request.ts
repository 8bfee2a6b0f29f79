/**
 * The header of datagrams between a SOCKS5 client and the proxy. RFC 1928 §7.
 *
 *     +-------+------+------+----------+----------+----------+
 *     |  RSV  | FRAG | ATYP | DST.ADDR | DST.PORT |   DATA   |
 *     +-------+------+------+----------+----------+----------+
 *     | X'0000' |  1 |  1   | variable |    2     | variable |
 *     +-------+------+------+----------+----------+----------+
 *
 * Fragmentation (FRAG other than 0) is optional and not implemented; as the RFC demands, such datagrams are dropped by
 * whoever reads {@link UdpRequest.fragment}.
 */
import type { SocketAddress } from '../../address/index.ts';
import { raise } from '../../errors/index.ts';
import { decodeAddress, encodeAddress, findAddressSize } from './address.ts';

export interface UdpRequest {
  /** FRAG: 0 for a datagram that stands alone. */
  fragment: number;
  /** Where the datagram goes; in the other direction, where it came from. */
  destination: SocketAddress;
  /** View of the datagram that was decoded. */
  data: Buffer;
}

const prefixBytes = 3;

/** @throws SOCKS_PROTOCOL when the header is cut short, its reserved bytes are not 0, or the address makes no sense */
export function decodeUdpRequest(datagram: Buffer): UdpRequest {
  const [reserved1, reserved2, fragment, addressType, next] = datagram;
  if (fragment === undefined || addressType === undefined || next === undefined) {
    return raise('SOCKS_PROTOCOL', { reason: 'a datagram without a complete header' });
  }
  if (reserved1 !== 0 || reserved2 !== 0) {
    return raise('SOCKS_PROTOCOL', { reason: 'a datagram with reserved bytes that are not 0' });
  }
  const addressSize = findAddressSize(addressType, next);
  if (addressSize === undefined) {
    return raise('SOCKS_PROTOCOL', { reason: `a datagram with address type ${String(addressType)}` });
  }
  const dataStart = prefixBytes + addressSize;
  if (datagram.length < dataStart) {
    return raise('SOCKS_PROTOCOL', { reason: 'a datagram without a complete header' });
  }
  const destination = decodeAddress(datagram.subarray(prefixBytes, dataStart));
  return { fragment, destination, data: datagram.subarray(dataStart) };
}

/** Writes the header and `data`, which is copied. @throws SOCKS_PROTOCOL for a host longer than 255 bytes */
export function encodeUdpRequest({ fragment, destination, data }: UdpRequest): Buffer {
  return Buffer.concat([Buffer.from([0, 0, fragment]), encodeAddress(destination), data]);
}
