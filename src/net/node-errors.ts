/** The one place that turns Node's network errors into ours. */
import { createError, isToolError, type ToolError } from '../errors/index.ts';
import { formatHost, formatSocketAddress, type SocketAddress } from '../address/index.ts';

/** What was attempted when the error came up. */
export interface NetErrorContext {
  target: SocketAddress;
  /** How long the attempt took, for NET_TIMEOUT. */
  seconds: number;
}

type NetErrorCode = 'NET_REFUSED' | 'NET_RESET' | 'NET_UNREACHABLE' | 'NET_TIMEOUT' | 'NET_DENIED';

/** Node's code → ours, and in words what it means where our message asks for a reason. */
const mappings: Readonly<Record<string, { code: NetErrorCode; reason: string }>> = {
  ECONNREFUSED: { code: 'NET_REFUSED', reason: 'refused' },
  ECONNRESET: { code: 'NET_RESET', reason: 'reset' },
  EPIPE: { code: 'NET_RESET', reason: 'reset' },
  ECONNABORTED: { code: 'NET_RESET', reason: 'aborted' },
  ETIMEDOUT: { code: 'NET_TIMEOUT', reason: 'no answer' },
  EHOSTUNREACH: { code: 'NET_UNREACHABLE', reason: 'no route to the host' },
  EHOSTDOWN: { code: 'NET_UNREACHABLE', reason: 'the host is down' },
  ENETUNREACH: { code: 'NET_UNREACHABLE', reason: 'no route to the network' },
  ENETDOWN: { code: 'NET_UNREACHABLE', reason: 'the network is down' },
  EADDRNOTAVAIL: { code: 'NET_UNREACHABLE', reason: 'no local address fits' },
  EAFNOSUPPORT: { code: 'NET_UNREACHABLE', reason: 'this IP version is not available here' },
  EAI_AGAIN: { code: 'NET_UNREACHABLE', reason: 'the resolver does not answer' },
  EAI_FAIL: { code: 'NET_UNREACHABLE', reason: 'the resolver failed' },
  EACCES: { code: 'NET_DENIED', reason: 'forbidden by this system or a firewall' },
  EPERM: { code: 'NET_DENIED', reason: 'forbidden by this system or a firewall' },
};

/** Codes of getaddrinfo for a name that has no address. */
const nameNotFoundCodes: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_NONAME', 'EAI_NODATA']);

/** Words for codes that end up in NET_FAILED or LOCAL_LISTEN_FAILED. */
const failureReasons: Readonly<Record<string, string>> = {
  EMFILE: 'too many open files in this program',
  ENFILE: 'too many open files in this system',
  ENOBUFS: 'no memory for sockets',
  EACCES: 'this port needs more rights',
  EPERM: 'this port needs more rights',
  EADDRNOTAVAIL: 'this machine does not have this address',
  EAFNOSUPPORT: 'this IP version is not available here',
  ENOTFOUND: 'the name does not exist',
};

/** Turns what a dial or an open connection failed with into a NET_ error; a ToolError passes as it is. */
export function toNetError(error: unknown, { target, seconds }: NetErrorContext): ToolError {
  if (isToolError(error)) return error;
  const address = formatSocketAddress(target);
  const code = findNodeCode(error) ?? '';
  if (nameNotFoundCodes.has(code)) {
    return createError('NET_NAME_NOT_FOUND', { name: target.host }, { cause: error });
  }
  const mapping = mappings[code];
  if (mapping === undefined) {
    return createError('NET_FAILED', { target: address, reason: toReason(error, code) }, { cause: error });
  }
  const details = { target: address, reason: mapping.reason, seconds };
  return createError(mapping.code, details, { cause: error });
}

/** Turns what listening failed with into LOCAL_PORT_IN_USE or LOCAL_LISTEN_FAILED. */
export function toListenError(error: unknown, { host, port }: SocketAddress): ToolError {
  const code = findNodeCode(error) ?? '';
  const address = formatHost(host);
  if (code === 'EADDRINUSE') return createError('LOCAL_PORT_IN_USE', { address, port }, { cause: error });
  const reason = toReason(error, code);
  return createError('LOCAL_LISTEN_FAILED', { address, port, reason }, { cause: error });
}

/**
 * Finds the code that says most. A dial that tried several addresses fails with an AggregateError: the name is fine
 * then, and a refusal is the most certain of the answers, so it wins over those that may be a matter of one IP version.
 */
function findNodeCode(error: unknown): string | undefined {
  if (error instanceof AggregateError) {
    const codes = error.errors.map(findNodeCode).filter((code) => code !== undefined);
    return codes.find((code) => code === 'ECONNREFUSED') ?? codes.at(-1) ?? codeOf(error);
  }
  return codeOf(error) ?? (error instanceof Error ? codeOf(error.cause) : undefined);
}

function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

function toReason(error: unknown, code: string): string {
  return failureReasons[code] ?? (error instanceof Error ? error.message : String(error));
}
