/** Replies to a SOCKS5 request, and which of our errors becomes which. */
import type { SocketAddress } from '../../address/index.ts';
import { isToolError, type ErrorCode } from '../../errors/index.ts';
import { encodeAddress } from './address.ts';
import { replies, socksVersion, type Socks5Reply } from './registry.ts';

/** What BND.ADDR and BND.PORT say when there is nothing to say. */
const unspecified: SocketAddress = { host: '0.0.0.0', port: 0 };

/**
 * Writes a reply.
 *
 *     +-----+-----+-------+------+----------+----------+
 *     | VER | REP |  RSV  | ATYP | BND.ADDR | BND.PORT |
 *     +-----+-----+-------+------+----------+----------+
 *     |  1  |  1  | X'00' |  1   | variable |    2     |
 *     +-----+-----+-------+------+----------+----------+
 *
 * @param bound where the server sends from (CONNECT) or takes datagrams (UDP ASSOCIATE); zeros when unknown
 * @see RFC 1928 §6
 */
export function encodeReply(reply: Socks5Reply, bound: SocketAddress = unspecified): Buffer {
  return Buffer.concat([Buffer.from([socksVersion, reply, 0]), encodeAddress(bound)]);
}

const repliesByCode: Partial<Record<ErrorCode, Socks5Reply>> = {
  NET_REFUSED: replies.connectionRefused,
  NET_UNREACHABLE: replies.hostUnreachable,
  NET_NAME_NOT_FOUND: replies.hostUnreachable,
  NET_TIMEOUT: replies.ttlExpired,
  NET_DENIED: replies.notAllowed,
  // The cluster as a whole is out of reach.
  TUNNEL_LOST: replies.networkUnreachable,
  TUNNEL_UNAVAILABLE: replies.networkUnreachable,
  MUX_CLOSED: replies.networkUnreachable,
  AGENT_UNREACHABLE: replies.networkUnreachable,
};

/** Chooses the reply that tells a client about `error`. @see RFC 1928 §6 */
export function toSocks5Reply(error: unknown): Socks5Reply {
  return (isToolError(error) ? repliesByCode[error.code] : undefined) ?? replies.generalFailure;
}
