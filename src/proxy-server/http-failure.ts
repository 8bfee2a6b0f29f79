/** How HTTP clients learn of our errors: a status, one line of text, and the code in a field. RFC 9110 §15. */
import { STATUS_CODES, type ServerResponse } from 'node:http';
import { toToolError, type ErrorCode } from '../errors/index.ts';
import { resetSocket } from '../net/index.ts';
import type { RawFields } from './http-fields.ts';
import { toPairs } from './http-fields.ts';

const statuses: Partial<Record<ErrorCode, number>> = {
  PROXY_REQUEST_INVALID: 400,
  NET_DENIED: 403,
  PROXY_AUTHENTICATION_FAILED: 407,
  NET_TIMEOUT: 504,
  // The way to the cluster, not the target: it may be there again in a moment.
  TUNNEL_LOST: 503,
  TUNNEL_UNAVAILABLE: 503,
  MUX_CLOSED: 503,
  MUX_STREAM_LIMIT: 503,
  AGENT_UNREACHABLE: 503,
};

/** What the proxy itself answers. */
export interface Failure {
  status: number;
  fields: string[];
  body: string;
}

/** Describes `error` to a client; what has no status of its own is 502, since the target did not answer. */
export function toFailure(error: unknown): Failure {
  const { code, message } = toToolError(error);
  const status = statuses[code] ?? 502;
  const body = `${message}\n`;
  return {
    status,
    fields: [
      ...(status === 407 ? ['Proxy-Authenticate', 'Basic realm="tp"'] : []),
      ...['Content-Type', 'text/plain; charset=utf-8'],
      ...['Content-Length', String(Buffer.byteLength(body))],
      // Tells our 502 from one that the target sent.
      ...['X-Tp-Error', code],
    ],
    body,
  };
}

/** Answers with `error`; resets the connection when a response has begun, so that it does not look complete. */
export function failResponse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    if (response.socket !== null) resetSocket(response.socket);
    return;
  }
  const { status, fields, body } = toFailure(error);
  response.writeHead(status, fields).end(body);
}

/** Writes the head of a response where node:http has let go of the connection. Reason phrases are always the RFC's. */
export function formatHead(status: number, fields: RawFields): string {
  const lines = toPairs(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`;
}

/** {@link toFailure} as bytes for a connection that ends with them. */
export function formatFailure(error: unknown): string {
  const { status, fields, body } = toFailure(error);
  return formatHead(status, [...fields, 'Connection', 'close']) + body;
}
