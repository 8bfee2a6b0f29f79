/**
 * UDP ASSOCIATE (RFC 1928 §7): a UDP port on the address that the client reached us at, for as long as its TCP
 * connection lives. Only the client's own address may use it, and only one port of that: the one that it announced, or
 * else the first that sends. Fragments are dropped, as the RFC demands of who does not join them.
 */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { findIpAddress, formatIpAddress, toUnmapped, type SocketAddress } from '../address/index.ts';
import { describeError } from '../core/index.ts';
import { resetSocket } from '../net/index.ts';
import {
  decodeUdpRequest,
  encodeReply,
  encodeUdpRequest,
  replies,
  type UdpRequest,
} from '../protocol/socks5/index.ts';
import type { ProxyContext } from './context.ts';
import { closeAfter } from './tunnel.ts';
import { UdpTargets } from './udp-targets.ts';

/**
 * Serves a UDP association until the client closes its connection. Never rejects.
 *
 * @param announced DST.ADDR and DST.PORT of the request: where the client says it will send from, or zeros
 */
export async function serveUdpAssociation(
  client: Socket,
  announced: SocketAddress,
  context: ProxyContext,
): Promise<void> {
  const { clock, logger, signal } = context;
  const [localHost, clientHost] = [findHost(client.localAddress), findHost(client.remoteAddress)];
  // A connection that is closed already has no addresses.
  if (localHost === undefined || clientHost === undefined) return;
  let socket: UdpSocket;
  try {
    socket = await bind(localHost);
  } catch (error) {
    logger.warn('Cannot open a UDP port', { error: describeError(error) });
    closeAfter(client, encodeReply(replies.generalFailure), clock);
    return;
  }
  const targets = attach(socket, { host: clientHost, port: announced.port }, context);
  const { address, port } = socket.address();
  client.write(encodeReply(replies.succeeded, { host: address, port }));

  // RFC 1928 §7: the association ends with the connection that asked for it. Whatever else comes on it is ignored.
  const onShutdown = (): void => resetSocket(client);
  signal.addEventListener('abort', onShutdown, { once: true });
  client.once('end', () => client.end()).resume();
  if (!client.closed) await new Promise((resolve) => client.once('close', resolve));
  signal.removeEventListener('abort', onShutdown);
  targets.close();
  socket.close();
}

/** Connects the client's side with the targets. A port of 0 is that of the first datagram. */
function attach(socket: UdpSocket, client: SocketAddress, context: ProxyContext): UdpTargets {
  let clientPort = client.port;
  const targets = new UdpTargets({
    ...context,
    onDatagram(source, data): void {
      const datagram = encodeUdpRequest({ fragment: 0, destination: source, data });
      socket.send(datagram, clientPort, client.host, ignoreError);
    },
  });
  socket.on('message', (datagram: Buffer, { address, port }: RemoteInfo) => {
    if (address !== client.host || (clientPort !== 0 && port !== clientPort)) return;
    const request = findRequest(datagram);
    if (request?.fragment !== 0 || request.destination.port === 0) return;
    clientPort = port;
    targets.send(request.destination, request.data);
  });
  socket.on('error', ignoreError);
  return targets;
}

function findRequest(datagram: Buffer): UdpRequest | undefined {
  try {
    return decodeUdpRequest(datagram);
  } catch {
    return undefined;
  }
}

async function bind(host: string): Promise<UdpSocket> {
  const socket = createSocket(findIpAddress(host)?.version === 6 ? 'udp6' : 'udp4');
  socket.bind(0, host);
  try {
    await once(socket, 'listening');
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** The address of a socket's end as a UDP socket of the same IP version writes it. */
function findHost(address: string | undefined): string | undefined {
  const ip = findIpAddress(address ?? '');
  return ip && formatIpAddress(toUnmapped(ip));
}

function ignoreError(): void {
  // A datagram that cannot be sent is lost, as UDP allows.
}
