/**
 * Forwards one plain-HTTP request (absolute-form, RFC 9112 §3.2.2) and its response. node:http reads and writes both
 * messages, so that framing is checked once and written anew; this file decides what goes on. Each request has a
 * connection to the target of its own: nothing of one client can end up in the message of another.
 */
import {
  request as openRequest,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { createError } from '../errors/index.ts';
import { toNetError } from '../net/index.ts';
import type { ProxyContext } from './context.ts';
import { dialForClient } from './dial-for-client.ts';
import { failResponse, formatHead } from './http-failure.ts';
import { listValues, toEndToEndFields, toPairs, toTrailerFields } from './http-fields.ts';
import { maximumHeadBytes } from './limits.ts';
import { parseAbsoluteForm, type RequestTarget } from './request-target.ts';

/** Methods whose requests have no content unless they say so; all others say that they have none. @see RFC 9110 §8.6 */
const methodsWithoutContent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE', 'TRACE']);

/** Forwards `request` and answers it, whatever happens. Resolves when the response has begun, or failed. Never rejects. */
export async function forwardRequest(
  request: IncomingMessage,
  response: ServerResponse,
  { dialer, signal }: ProxyContext,
): Promise<void> {
  try {
    const target = parseAbsoluteForm(request.method ?? '', request.url ?? '');
    const fields = [...toRequestFields(request, target), ...toRequestFraming(request), 'Connection', 'close'];
    const stream = await dialForClient({ client: response, target: target.address, dialer, signal });
    const outgoing = openOutgoing(request, target, fields, stream);
    outgoing.once('close', () => stream.destroy());
    exchange({ request, response, target, outgoing });
  } catch (error) {
    failResponse(response, error);
  }
}

/** Opens the request to the target over `stream`, which the caller destroys when the request is closed. */
export function openOutgoing(
  { method }: IncomingMessage,
  { path }: RequestTarget,
  headers: string[],
  stream: Duplex,
): ClientRequest {
  // A reset while nobody listens would end the process.
  stream.on('error', ignoreError);
  const outgoing = openRequest({
    method: method ?? 'GET',
    path,
    // An array is written as it is, with its case, order and repetitions.
    headers,
    createConnection: () => stream,
    maxHeaderSize: maximumHeadBytes,
  });
  // 0: no limit. Node would drop fields beyond it silently; maximumHeadBytes bounds them.
  outgoing.maxHeadersCount = 0;
  return outgoing;
}

/** End-to-end fields, and Host from the request target, whatever the client's own says. @throws PROXY_REQUEST_INVALID */
export function toRequestFields({ rawHeaders }: IncomingMessage, { authority }: RequestTarget): string[] {
  if (listValues(rawHeaders, 'host').length > 1) {
    throw createError('PROXY_REQUEST_INVALID', { reason: 'it has several Host fields' });
  }
  return ['Host', authority, ...toEndToEndFields(rawHeaders, ['host', 'content-length'])];
}

/** The fields that say where the content ends, from what node:http has understood. @throws PROXY_REQUEST_INVALID */
function toRequestFraming({ headers, method = '' }: IncomingMessage): string[] {
  const coding = headers['transfer-encoding'];
  if (coding !== undefined) {
    assertChunked(coding, (reason) => createError('PROXY_REQUEST_INVALID', { reason }));
    return ['Transfer-Encoding', 'chunked'];
  }
  const length = headers['content-length'];
  if (length !== undefined) return ['Content-Length', length];
  return methodsWithoutContent.has(method) ? [] : ['Content-Length', '0'];
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  target: RequestTarget;
  outgoing: ClientRequest;
}

/** Streams the content to the target and the response back, until both are over or one side breaks. */
function exchange({ request, response, target, outgoing }: Exchange): void {
  // From then on the response tells how it ends: a target may stop reading and answer all the same.
  let isAnswered = false;
  const fail = (error: unknown): void => {
    isAnswered = true;
    outgoing.destroy();
    failResponse(response, toNetError(error, { target: target.address, seconds: 0 }));
  };
  const failUnanswered = (error: unknown): void => {
    if (!isAnswered) fail(error);
  };
  outgoing.on('information', (information: { statusCode: number; rawHeaders: string[] }) => {
    passInformation(response, request, information);
  });
  outgoing.once('response', (incoming: IncomingMessage) => {
    isAnswered = true;
    try {
      forwardResponse(incoming, response, fail);
    } catch (error) {
      fail(error);
    }
  });
  outgoing.on('error', failUnanswered);
  // A 101 that nobody asked for ends the request without an error.
  outgoing.once('close', () => failUnanswered(new Error('no valid response')));
  response.once('close', () => {
    outgoing.destroy();
    // What the target did not read of the request must not be taken for the next one.
    request.unpipe(outgoing);
    request.resume();
  });

  sendHead(outgoing);
  request.on('error', ignoreError);
  request.once('end', () => {
    outgoing.addTrailers(toPairs(toTrailerFields(request.rawTrailers)));
    outgoing.end();
  });
  request.pipe(outgoing, { end: false });
}

/**
 * Passes an interim response on (100 Continue, 102, 103), as RFC 9110 §15.2 demands; clients of HTTP/1.0 do not know
 * them. node:http offers no way to write any but its own, so it goes to the connection before the final response.
 */
function passInformation(
  response: ServerResponse,
  { httpVersion }: IncomingMessage,
  { statusCode, rawHeaders }: { statusCode: number; rawHeaders: string[] },
): void {
  if (response.headersSent || httpVersion === '1.0') return;
  response.socket?.write(formatHead(statusCode, toEndToEndFields(rawHeaders)), 'latin1');
}

/** @param fail ends the exchange when the target breaks off @throws NET_FAILED for a response that cannot be passed on */
function forwardResponse(
  incoming: IncomingMessage,
  response: ServerResponse,
  fail: (error: unknown) => void,
): void {
  incoming.on('error', fail);
  const coding = incoming.headers['transfer-encoding'];
  if (coding !== undefined) assertChunked(coding, (reason) => new Error(reason));
  const fields = toEndToEndFields(incoming.rawHeaders, coding === undefined ? [] : ['content-length']);
  response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage ?? '', fields);
  sendHead(response);
  incoming.once('end', () => {
    response.addTrailers(toPairs(toTrailerFields(incoming.rawTrailers)));
    response.end();
  });
  incoming.pipe(response, { end: false });
}

/**
 * Sends the head without waiting for content, which may come much later (events, long polls). Not by `flushHeaders()`:
 * it writes UTF-8 (Node 20.20), while the strings that node:http reads hold one byte in each character.
 */
function sendHead(message: ClientRequest | ServerResponse): void {
  message.write('', 'latin1');
}

/** node:http undoes `chunked`; content in another coding would reach the other side without its name. */
function assertChunked(coding: string, toError: (reason: string) => Error): void {
  if (coding.trim().toLowerCase() !== 'chunked')
    throw toError(`transfer coding "${coding}" is not supported`);
}

function ignoreError(): void {
  // The events of the request and the response tell it too.
}
