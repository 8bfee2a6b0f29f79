/**
 * The cluster's DNS server, UDP and TCP on port 53 of its Service address. It answers from what the API server has in
 * memory at that moment. It knows the cluster's zone only: the sandbox has no way to the internet.
 */
import * as dnsPacket from 'dns-packet';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import { listen } from '../../../net/index.ts';
import type { ClusterAccess } from '../../store/cluster-access.ts';
import { DNS_TCP_IDLE_MS, DNS_TTL_SECONDS, DNS_UDP_BYTES } from '../limits.ts';
import { answerQuestion, ZONE, type RecordData, type ZoneObjects } from './zone.ts';

export interface DnsServer {
  close(): Promise<void>;
}

const PORT = 53;
const codes = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

/** Listens on `address`, which is local to this network namespace. */
export async function startDnsServer(address: string, cluster: ClusterAccess): Promise<DnsServer> {
  const readObjects = (): ZoneObjects => ({
    services: cluster.list('services'),
    slices: cluster.list('endpointslices.discovery.k8s.io'),
    endpoints: cluster.list('endpoints'),
    pods: cluster.list('pods'),
  });
  const udp = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject);
    udp.bind({ address, port: PORT, exclusive: true }, resolve);
  });
  udp.removeAllListeners('error').on('error', () => undefined);
  udp.on('message', (query, client) => {
    const answer = answerMessage(query, readObjects(), 'udp');
    if (answer !== undefined) udp.send(answer, client.port, client.address);
  });
  const tcp = await listen({
    host: address,
    port: PORT,
    onConnection: (socket) => serveStream(socket, readObjects),
  });
  return {
    async close(): Promise<void> {
      udp.close();
      await tcp.close();
    },
  };
}

/** RFC 1035 section 4.2.2: each message after its length in two bytes. */
function serveStream(socket: Socket, readObjects: () => ZoneObjects): void {
  let pending = Buffer.alloc(0);
  socket.setTimeout(DNS_TCP_IDLE_MS, () => socket.destroy());
  socket.on('end', () => socket.end());
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const answer = answerMessage(pending.subarray(2, end), readObjects(), 'tcp');
      pending = pending.subarray(end);
      if (answer === undefined) return void socket.destroy();
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      socket.write(Buffer.concat([length, answer]));
    }
  });
}

/** The answer to one message; undefined for what is no question at all. */
export function answerMessage(
  query: Buffer,
  objects: ZoneObjects,
  transport: 'udp' | 'tcp',
): Buffer | undefined {
  let packet: dnsPacket.DecodedPacket;
  try {
    packet = dnsPacket.decode(query);
  } catch {
    // Too short for an id: there is nobody to tell.
    return query.length < 12 ? undefined : reply({ id: query.readUInt16BE(0) }, 'FORMERR');
  }
  if (packet.type !== 'query') return undefined;
  const [question] = packet.questions ?? [];
  if ((packet as { opcode?: string }).opcode !== 'QUERY') return reply(packet, 'NOTIMP');
  if (question === undefined) return reply(packet, 'FORMERR');
  const edns = packet.additionals?.find((record): record is dnsPacket.OptAnswer => record.type === 'OPT');
  const { code, answers, additionals } = answerQuestion(question, objects);
  const isEmpty = answers.length === 0 && code !== 'REFUSED';
  const opt: dnsPacket.Answer[] =
    edns === undefined
      ? []
      : [{ type: 'OPT', name: '.', udpPayloadSize: MAX_UDP_BYTES, flags: 0, options: [] } as never];
  const full = reply(packet, code, {
    answers: answers.map(toAnswer),
    authorities: isEmpty ? [startOfAuthority()] : [],
    additionals: [...additionals.map(toAnswer), ...opt],
  });
  const limitBytes =
    transport === 'tcp'
      ? 65_535
      : Math.max(DNS_UDP_BYTES, Math.min(edns?.udpPayloadSize ?? 0, MAX_UDP_BYTES));
  if (full.length <= limitBytes) return full;
  return reply(packet, code, { flags: dnsPacket.TRUNCATED_RESPONSE, additionals: opt });
}

/** What fits one Ethernet frame; larger answers come by TCP. */
const MAX_UDP_BYTES = 1232;

function reply(
  query: dnsPacket.Packet,
  code: keyof typeof codes,
  rest: {
    flags?: number;
    answers?: dnsPacket.Answer[];
    authorities?: dnsPacket.Answer[];
    additionals?: dnsPacket.Answer[];
  } = {},
): Buffer {
  const { flags = 0, ...sections } = rest;
  const isOurs = code !== 'REFUSED';
  return dnsPacket.encode({
    type: 'response',
    id: query.id ?? 0,
    flags:
      codes[code] |
      flags |
      (isOurs ? dnsPacket.AUTHORITATIVE_ANSWER : 0) |
      ((query.flags ?? 0) & dnsPacket.RECURSION_DESIRED),
    questions: query.questions ?? [],
    ...sections,
  });
}

function toAnswer(record: RecordData): dnsPacket.Answer {
  return { ...record, ttl: DNS_TTL_SECONDS };
}

function startOfAuthority(): dnsPacket.Answer {
  return {
    type: 'SOA',
    name: ZONE,
    ttl: DNS_TTL_SECONDS,
    data: {
      mname: `ns.dns.${ZONE}`,
      rname: `hostmaster.${ZONE}`,
      serial: 1,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: DNS_TTL_SECONDS,
    },
  };
}
