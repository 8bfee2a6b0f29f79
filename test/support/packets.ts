/** Makes IP packets, and checks checksums by the definition (RFC 1071), slowly. */

export interface PacketOptions {
  isV6?: boolean;
  protocol: 'tcp' | 'udp' | 'icmp';
  source: Buffer;
  destination: Buffer;
  sourcePort: number;
  destinationPort: number;
  flags?: number;
  payload?: Buffer;
  /** Of the IPv4 header, a multiple of 4 bytes. */
  options?: Buffer;
}

export const flags = { FIN: 1, SYN: 2, RST: 4, ACK: 16 } as const;

export function makePacket(packet: PacketOptions): Buffer {
  const { protocol, source, destination, payload = Buffer.alloc(0), options = Buffer.alloc(0) } = packet;
  const isV6 = source.length === 16;
  const header = Buffer.alloc(protocol === 'tcp' ? 20 : 8);
  if (protocol === 'icmp') header[0] = isV6 ? 128 : 8;
  else {
    header.writeUInt16BE(packet.sourcePort, 0);
    header.writeUInt16BE(packet.destinationPort, 2);
  }
  if (protocol === 'tcp') {
    header.writeUInt32BE(0xfffffffe, 4);
    header[12] = 5 << 4;
    header[13] = packet.flags ?? 0;
  }
  const number = protocol === 'tcp' ? 6 : protocol === 'udp' ? 17 : isV6 ? 58 : 1;
  const segment = Buffer.concat([header, payload]);
  if (protocol === 'udp') segment.writeUInt16BE(segment.length, 4);
  const ip = Buffer.alloc(isV6 ? 40 : 20 + options.length);
  if (isV6) {
    ip[0] = 0x60;
    ip.writeUInt16BE(segment.length, 4);
    ip[6] = number;
    source.copy(ip, 8);
    destination.copy(ip, 24);
  } else {
    ip[0] = 0x40 | (ip.length / 4);
    ip.writeUInt16BE(ip.length + segment.length, 2);
    ip[9] = number;
    source.copy(ip, 12);
    destination.copy(ip, 16);
    options.copy(ip, 20);
    ip.writeUInt16BE(onesComplement(ip), 10);
  }
  const whole = Buffer.concat([ip, segment]);
  const at = ip.length + (protocol === 'tcp' ? 16 : protocol === 'udp' ? 6 : 2);
  const sum = transportSum(whole);
  whole.writeUInt16BE(protocol === 'udp' && sum === 0 ? 0xffff : sum, at);
  return whole;
}

/** Whether all checksums of a packet are right: over a right one the sum is zero. */
export function hasRightChecksums(packet: Buffer): boolean {
  const isV6 = (packet[0] ?? 0) >> 4 === 6;
  const headerLength = isV6 ? 40 : ((packet[0] ?? 0) & 15) * 4;
  return (isV6 || onesComplement(packet.subarray(0, headerLength)) === 0) && transportSum(packet) === 0;
}

function transportSum(packet: Buffer): number {
  const isV6 = (packet[0] ?? 0) >> 4 === 6;
  const headerLength = isV6 ? 40 : ((packet[0] ?? 0) & 15) * 4;
  const protocol = packet[isV6 ? 6 : 9] ?? 0;
  const segment = packet.subarray(headerLength);
  if (protocol === 1) return onesComplement(segment);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32BE(segment.length, 0);
  trailer.writeUInt32BE(protocol, 4);
  const addresses = isV6 ? packet.subarray(8, 40) : packet.subarray(12, 20);
  return onesComplement(Buffer.concat([addresses, trailer, segment]));
}

function onesComplement(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}
