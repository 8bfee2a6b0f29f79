/** Writes answers: JSON, and refusals as `Status`. */
import { gzip } from 'node:zlib';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, internalError } from '../../store/index.ts';

/** Bytes from which an answer is compressed for clients that take it; what Kubernetes uses. */
const compressFromBytes: number = 128 * 1024;

export function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  code: number,
  document: unknown,
  contentType = 'application/json',
): void {
  const body = Buffer.from(`${JSON.stringify(document)}\n`);
  response.setHeader('content-type', contentType);
  response.setHeader('cache-control', 'no-cache, private');
  const takesGzip = (request.headers['accept-encoding'] ?? '').includes('gzip');
  if (!takesGzip || body.length < compressFromBytes) {
    response.writeHead(code, { 'content-length': body.length }).end(body);
    return;
  }
  // The fastest level: it is the loopback interface.
  gzip(body, { level: 1 }, (error, compressed) => {
    if (error !== null) response.destroy(error);
    else
      response
        .writeHead(code, {
          'content-encoding': 'gzip',
          vary: 'Accept-Encoding',
          'content-length': compressed.length,
        })
        .end(compressed);
  });
}

/** Whatever was thrown, as the Status that a client gets. */
export function toRefusal(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return internalError(error instanceof Error ? error.message : String(error));
}

export function sendRefusal(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status } = toRefusal(error);
  const seconds = status.details?.retryAfterSeconds;
  if (seconds !== undefined) response.setHeader('retry-after', String(seconds));
  sendJson(request, response, status.code, status);
}
