/** Finds out who asks: by client certificate, by bearer token, or `system:anonymous`. */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { unauthorized } from '../../store/index.ts';
import type { UserInfo } from '../user.ts';

export const authenticatedGroup = 'system:authenticated';

/** What a token stands for; undefined when it is not valid. */
export type TokenReader = (token: string) => UserInfo | undefined;

const anonymous: UserInfo = { username: 'system:anonymous', groups: ['system:unauthenticated'] };

/** @throws {ApiError} 401 for a token that is not valid */
export function authenticate(request: IncomingMessage, readToken: TokenReader): UserInfo {
  const user = byCertificate(request) ?? byToken(request, readToken);
  return user === undefined ? anonymous : impersonate(request, user);
}

/** The common name is the user, the organizations are the groups. */
function byCertificate({ socket }: IncomingMessage): UserInfo | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate() as { subject?: { CN?: string; O?: string | string[] } };
  if (subject?.CN === undefined) return undefined;
  return { username: subject.CN, groups: [...[subject.O ?? []].flat(), authenticatedGroup] };
}

function byToken({ headers }: IncomingMessage, readToken: TokenReader): UserInfo | undefined {
  const token = /^bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? tokenOfProtocol(headers);
  if (token === undefined) return undefined;
  const user = readToken(token);
  if (user === undefined) throw unauthorized();
  return user;
}

/** Browsers cannot set headers on a WebSocket: Kubernetes takes the token as a subprotocol. */
function tokenOfProtocol(headers: IncomingMessage['headers']): string | undefined {
  const match = /base64url\.bearer\.authorization\.k8s\.io\.([\w-]+)/.exec(
    headers['sec-websocket-protocol'] ?? '',
  );
  return match?.[1] === undefined ? undefined : Buffer.from(match[1], 'base64url').toString();
}

/** `--as` of kubectl. Only masters may; everybody else is told so by being nobody else. */
function impersonate({ headers }: IncomingMessage, user: UserInfo): UserInfo {
  const username = headers['impersonate-user'];
  if (typeof username !== 'string') return user;
  if (!user.groups.includes('system:masters')) throw unauthorized();
  const groups = headers['impersonate-group'];
  const named = groups === undefined ? [] : [groups].flat().flatMap((value) => value.split(', '));
  return { username, groups: [...named, authenticatedGroup] };
}
