/** IP prefixes (`10.96.0.0/12`, `fd00::/8`). @see RFC 4632 §3.1, RFC 4291 §2.3 */
import { raise } from '../errors/index.ts';
import { findIpAddress, formatIpAddress, type IpAddress } from './ip-address.ts';

export interface Cidr {
  /** The first address of the block: bits beyond the prefix are zero. */
  readonly network: IpAddress;
  /** 0-32 or 0-128. */
  readonly prefixBits: number;
}

/**
 * Reads `ADDRESS/BITS`; a bare address is the block that holds only it. Bits beyond the prefix are cleared, as kubectl
 * and iptables do: `10.0.0.7/8` is `10.0.0.0/8`.
 *
 * @throws ADDRESS_INVALID
 */
export function parseCidr(text: string): Cidr {
  const slash = text.indexOf('/');
  const address = findIpAddress(slash === -1 ? text : text.slice(0, slash));
  const suffix = slash === -1 ? undefined : text.slice(slash + 1);
  const expected = 'an address block such as 10.0.0.0/8';
  if (address === undefined) return raise('ADDRESS_INVALID', { text, expected });
  const maximumBits = address.bytes.length * 8;
  if (suffix === undefined) return { network: address, prefixBits: maximumBits };
  if (!/^\d{1,3}$/.test(suffix) || Number(suffix) > maximumBits) {
    return raise('ADDRESS_INVALID', { text, expected });
  }
  const prefixBits = Number(suffix);
  const bytes = address.bytes.map((byte, index) => byte & maskByte(prefixBits, index));
  return { network: { version: address.version, bytes: Buffer.from(bytes) }, prefixBits };
}

export function formatCidr({ network, prefixBits }: Cidr): string {
  return `${formatIpAddress(network)}/${String(prefixBits)}`;
}

/** Tells whether `address` lies in the block; an address of the other IP version never does. */
export function cidrContains({ network, prefixBits }: Cidr, address: IpAddress): boolean {
  if (network.version !== address.version) return false;
  return network.bytes.every((byte, index) => {
    return byte === ((address.bytes[index] ?? 0) & maskByte(prefixBits, index));
  });
}

/** The byte at `index` of a netmask with `prefixBits` ones. */
function maskByte(prefixBits: number, index: number): number {
  const ones = Math.min(8, Math.max(0, prefixBits - index * 8));
  return (0xff << (8 - ones)) & 0xff;
}
