/**
 * The network behind a device: what programs open there is dialled, and joined with what the kernel accepted for us. The SYN
 * of a connection waits until the dial has answered, so that `connect()` tells the truth.
 *
 *     program → device → (held) → dial → decide → our listener → relay
 */
import { createSocket, type RemoteInfo, type Socket as DatagramSocket } from 'node:dgram';
import { createServer, isIP, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SocketAddress } from '../address/index.ts';
import type { Clock, Logger, Timer } from '../core/index.ts';
import { toToolError } from '../errors/index.ts';
import { relay, resetSocket, type DatagramDialer, type Dialer } from '../net/index.ts';
import { createDatagramFlows, type DatagramFlows } from './datagram-flows.ts';
import { decisions, type Decision, type FlowCounts, type FlowTable, type Native } from './native.ts';

/** Where the network's name server answers, port 53: in a block that is never routed (RFC 6890), next to the device. */
export const NAME_SERVER = '192.0.0.2';
const DNS_PORT = 53;
/** After the SYN was let through, the program's kernel takes so long at most to complete the connection. */
export const COMPLETION_MS = 10_000;

/** Descriptors from `native/launcher.c`; all owned by the network. */
export interface NetworkDescriptors {
  device: number;
  tcp4: number;
  udp4: number;
  tcp6?: number | undefined;
  udp6?: number | undefined;
}

export interface NetworkOptions {
  native: Native;
  descriptors: NetworkDescriptors;
  dialer: Dialer & DatagramDialer;
  /** Answers a DNS message; undefined: not at all. */
  respond: (
    query: Buffer,
    options: { transport: 'datagram' | 'stream'; signal: AbortSignal },
  ) => Promise<Buffer | undefined>;
  /** Serves DNS on a stream that it owns. */
  serveStream: (stream: Duplex, respond: (query: Buffer) => Promise<Buffer | undefined>) => Promise<void>;
  clock: Clock;
  logger: Logger;
}

export interface Network {
  counts(): FlowCounts;
  /** Resets what is open and closes all descriptors. Idempotent. */
  close(): Promise<void>;
}

export async function openNetwork(options: NetworkOptions): Promise<Network> {
  const { native, descriptors, dialer, clock, logger } = options;
  const lifetime = new AbortController();
  /** Dialled, and not accepted yet. */
  const dialled = new Map<number, { stream: Duplex; timer: Timer }>();
  const sockets = new Set<Socket>();

  const servers = await Promise.all(
    [descriptors.tcp4, descriptors.tcp6].filter((fd) => fd !== undefined).map((fd) => listenOn(fd, accept)),
  );
  const datagramSockets = await Promise.all([
    bindTo('udp4', descriptors.udp4),
    ...(descriptors.udp6 === undefined ? [] : [bindTo('udp6', descriptors.udp6)]),
  ]);
  const table: FlowTable = new native.FlowTable({
    tcp4: portOf(servers[0]),
    tcp6: portOf(servers[1]),
    udp4: portOf(datagramSockets[0]),
    udp6: portOf(datagramSockets[1]),
  });
  const datagrams: DatagramFlows = createDatagramFlows({
    dialer,
    release: (key) => table.release(key),
    clock,
    logger,
  });
  for (const socket of datagramSockets)
    socket.on('message', (datagram, from) => onDatagram(socket, datagram, from));
  table.attach(descriptors.device, (key) => void onHeld(key));

  /** Asked after each wait: closing may have come in between. */
  const isOver = (): boolean => lifetime.signal.aborted;

  function destinationOf(key: number): SocketAddress | undefined {
    const destination = table.destination(key);
    return destination && { host: formatAddress(destination.address), port: destination.port };
  }

  async function onHeld(key: number): Promise<void> {
    const target = destinationOf(key);
    if (target === undefined || lifetime.signal.aborted) return;
    if (isNameServer(target)) {
      decide(key, 'accept');
      return;
    }
    try {
      const stream = await dialer.dial(target, lifetime);
      // Until the relay listens, an early reset must not end the process.
      stream.on('error', () => undefined);
      const giveUp = (): void => {
        dialled.get(key)?.timer.cancel();
        dialled.delete(key);
        resetSocket(stream);
        table.release(key);
      };
      dialled.set(key, { stream, timer: clock.after(COMPLETION_MS, giveUp) });
      if (isOver()) giveUp();
      else decide(key, 'accept');
    } catch (error) {
      decide(key, refusalOf(error));
    }
  }

  function decide(key: number, decision: Decision): void {
    if (!lifetime.signal.aborted) table.decide(key, decisions[decision]);
  }

  function accept(socket: Socket): void {
    socket.on('error', () => undefined);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const key = keyOf({ address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 });
    const waiting = dialled.get(key);
    if (waiting !== undefined) {
      waiting.timer.cancel();
      dialled.delete(key);
      void relay(socket, waiting.stream, lifetime).then(() => table.release(key));
      return;
    }
    const target = destinationOf(key);
    if (target === undefined || !isNameServer(target)) {
      // A program that dialled the listener itself.
      resetSocket(socket);
      return;
    }
    socket.once('close', () => table.release(key));
    const { signal } = lifetime;
    void options.serveStream(socket, (query) => options.respond(query, { transport: 'stream', signal }));
  }

  function onDatagram(socket: DatagramSocket, datagram: Buffer, from: RemoteInfo): void {
    const key = keyOf(from);
    const target = destinationOf(key);
    if (target === undefined || lifetime.signal.aborted) return;
    const reply = (answer: Buffer): void => {
      if (!lifetime.signal.aborted) socket.send(answer, from.port, from.address, () => undefined);
    };
    if (!isNameServer(target)) {
      datagrams.send(key, target, datagram, reply);
      return;
    }
    datagrams.touch(key);
    void options
      .respond(datagram, { transport: 'datagram', signal: lifetime.signal })
      .then((answer) => answer && reply(answer));
  }

  async function close(): Promise<void> {
    lifetime.abort();
    datagrams.close();
    for (const { stream, timer } of dialled.values()) {
      timer.cancel();
      resetSocket(stream);
    }
    dialled.clear();
    for (const socket of sockets) socket.destroy();
    for (const socket of datagramSockets) socket.close();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    table.close();
  }

  let closing: Promise<void> | undefined;
  return { counts: () => table.counts(), close: () => (closing ??= close()) };
}

/** What a failed dial looks like to the program. */
export function refusalOf(error: unknown): Decision {
  const { code } = toToolError(error);
  if (code === 'NET_REFUSED') return 'refused';
  return code === 'NET_TIMEOUT' ? 'silent' : 'unreachable';
}

function isNameServer({ host, port }: SocketAddress): boolean {
  return host === NAME_SERVER && port === DNS_PORT;
}

/** The name of a flow, from its peer's address: see {@link FlowTable}. */
export function keyOf({ address, port }: { address: string; port: number }): number {
  const last =
    isIP(address) === 6
      ? parseInt(address.split(':').at(-1) ?? '', 16) & 0xff
      : Number(address.split('.')[3]);
  return (last || 0) * 65_536 + port;
}

/** Text of 16 bytes; the mapped form is IPv4. */
export function formatAddress(bytes: Buffer): string {
  const isMapped = bytes.readUInt16BE(10) === 0xffff && bytes.subarray(0, 10).every((byte) => byte === 0);
  if (isMapped) return [...bytes.subarray(12)].join('.');
  return Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(':');
}

function listenOn(fd: number, onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, onConnection);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ fd }, () => resolve(server));
  });
}

function bindTo(type: 'udp4' | 'udp6', fd: number): Promise<DatagramSocket> {
  const socket = createSocket(type);
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ fd, exclusive: true }, () => {
      socket.off('error', reject).on('error', () => undefined);
      resolve(socket);
    });
  });
}

function portOf(listening: Server | DatagramSocket | undefined): number {
  const address = listening?.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
