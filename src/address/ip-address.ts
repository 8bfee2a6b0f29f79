/**
 * IP addresses as values: text to bytes and back. No sockets and no names; a name stays a name until somebody dials it.
 *
 * IPv4 in dotted decimal with four numbers and no leading zeros (the octal and short forms of inet_aton are refused:
 * programs disagree about what they mean). IPv6 as in RFC 4291 §2.2, printed as in RFC 5952. Zone identifiers
 * (`fe80::1%eth0`) are refused: they mean nothing on another machine.
 */
import { raise } from '../errors/index.ts';

export interface IpAddress {
  readonly version: 4 | 6;
  /** 4 or 16 bytes in network order; never changed after creation. */
  readonly bytes: Buffer;
}

/** Reads an address. @throws ADDRESS_INVALID */
export function parseIpAddress(text: string): IpAddress {
  return findIpAddress(text) ?? raise('ADDRESS_INVALID', { text, expected: 'an IP address' });
}

/** Reads an address; undefined when `text` is something else, such as a name. */
export function findIpAddress(text: string): IpAddress | undefined {
  const bytes = text.includes(':') ? findIpv6Bytes(text) : findIpv4Bytes(text);
  if (bytes === undefined) return undefined;
  return { version: bytes.length === 4 ? 4 : 6, bytes };
}

/** Wraps 4 or 16 bytes, which must not change afterwards. @throws ADDRESS_INVALID for any other length */
export function toIpAddress(bytes: Buffer): IpAddress {
  if (bytes.length === 4) return { version: 4, bytes };
  if (bytes.length === 16) return { version: 6, bytes };
  return raise('ADDRESS_INVALID', { text: bytes.toString('hex'), expected: '4 or 16 bytes' });
}

/**
 * Prints an address; IPv6 in lower case with the longest run of zeros shortened, and IPv4-mapped ones with their IPv4
 * part in dotted decimal. @see RFC 5952 §4, §5
 */
export function formatIpAddress({ version, bytes }: IpAddress): string {
  if (version === 4) return formatIpv4(bytes);
  if (isMapped(bytes)) return `::ffff:${formatIpv4(bytes.subarray(12))}`;
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  const run = longestZeroRun(groups);
  if (run === undefined) return groups.join(':');
  return `${groups.slice(0, run.start).join(':')}::${groups.slice(run.start + run.length).join(':')}`;
}

/** Tells whether the address names this machine itself: 127.0.0.0/8, ::1, or an IPv4 one written as IPv6. */
export function isLoopback(address: IpAddress): boolean {
  const { version, bytes } = toUnmapped(address);
  return version === 4 ? bytes[0] === 127 : bytes.equals(ipv6Loopback);
}

/** Turns an IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) into the IPv4 address; others stay. @see RFC 4291 §2.5.5.2 */
export function toUnmapped(address: IpAddress): IpAddress {
  return isMapped(address.bytes) ? { version: 4, bytes: address.bytes.subarray(12) } : address;
}

function isMapped(bytes: Buffer): boolean {
  return bytes.length === 16 && bytes.subarray(0, 12).equals(mappedPrefix);
}

function formatIpv4(bytes: Buffer): string {
  return [...bytes].join('.');
}

const ipv6Loopback = Buffer.from('00000000000000000000000000000001', 'hex');
const mappedPrefix = Buffer.from('00000000000000000000ffff', 'hex');

function findIpv4Bytes(text: string): Buffer | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) return undefined;
  const numbers = parts.map(Number);
  return numbers.every((number) => number <= 255) ? Buffer.from(numbers) : undefined;
}

function findIpv6Bytes(text: string): Buffer | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(findIpv6Part);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  if (tail === undefined) return head.length === 16 ? head : undefined;
  // RFC 5952 §4.2.2 asks writers not to shorten a single group; readers take it, so up to 14 bytes may be spelled out.
  const zeros = 16 - head.length - tail.length;
  if (zeros < 2 || containsIpv4(halves[0])) return undefined;
  return Buffer.concat([head, Buffer.alloc(zeros), tail]);
}

/** Reads groups separated by single colons, the last of which may be a dotted IPv4 address. */
function findIpv6Part(text: string): Buffer | undefined {
  if (text === '') return Buffer.alloc(0);
  const groups = text.split(':');
  const pieces: Buffer[] = [];
  for (const [index, group] of groups.entries()) {
    const isDotted = index === groups.length - 1 && group.includes('.');
    const piece = isDotted ? findIpv4Bytes(group) : findGroup(group);
    if (piece === undefined) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function findGroup(text: string): Buffer | undefined {
  return /^[0-9a-fA-F]{1,4}$/.test(text) ? Buffer.from(text.padStart(4, '0'), 'hex') : undefined;
}

/** An IPv4 part may stand only at the very end of an address, not before `::`. */
function containsIpv4(text: string | undefined): boolean {
  return text?.includes('.') ?? false;
}

function longestZeroRun(groups: string[]): { start: number; length: number } | undefined {
  let longest = { start: 0, length: 1 };
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0;
    while (groups[start + length] === '0') length += 1;
    if (length > longest.length) longest = { start, length };
  }
  return longest.length > 1 ? longest : undefined;
}
