/** HTTP/2 ends that are Node's own, not ours: servers that tell their name, and clients that collect answers. */
import { once } from 'node:events';
import {
  connect,
  createServer,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

/** Node refuses streams over 10 MB otherwise; what is held in between is what a test wants to see. */
const SESSION_MEMORY_MB = 1000;

export interface Http2TestServer extends AsyncDisposable {
  readonly port: number;
  readonly sessions: readonly ServerHttp2Session[];
  readonly streams: readonly ServerHttp2Stream[];
  /** The heads of the requests, in the order in which they came. */
  readonly requests: readonly IncomingHttpHeaders[];
}

type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** A server on 127.0.0.1, of HTTP/2 by prior knowledge. */
export async function startHttp2Server(handler: Handler): Promise<Http2TestServer> {
  const sessions: ServerHttp2Session[] = [];
  const streams: ServerHttp2Stream[] = [];
  const requests: IncomingHttpHeaders[] = [];
  const server = createServer({ maxSessionMemory: SESSION_MEMORY_MB });
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', ignore);
  });
  server.on('stream', (stream, headers) => {
    streams.push(stream);
    requests.push(headers);
    stream.on('error', ignore);
    handler(stream, headers);
  });
  server.on('sessionError', ignore);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sessions,
    streams,
    requests,
    async [Symbol.asyncDispose](): Promise<void> {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers each request at once with `name`. */
export function startNamedHttp2Server(name: string): Promise<Http2TestServer> {
  return startHttp2Server((stream) => {
    stream.resume();
    stream.respond({ ':status': 200 });
    stream.end(name);
  });
}

/** A session to 127.0.0.1. Errors of it are for its streams to tell. */
export async function openHttp2Client(port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: SESSION_MEMORY_MB });
  session.on('error', ignore);
  await once(session, 'connect');
  return session;
}

export interface Http2Answer {
  headers: IncomingHttpHeaders;
  trailers: IncomingHttpHeaders;
  content: Buffer;
  /** Of RST_STREAM; 0 for an orderly end. */
  code: number;
}

/** Sends a request, with `content` if there is any, and collects what comes until the stream is closed. */
export function fetchHttp2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders = {},
  content?: string | Buffer,
): Promise<Http2Answer> {
  const stream = session.request(headers, { endStream: content === undefined });
  const answer = collectAnswer(stream);
  if (content !== undefined) stream.end(content);
  return answer;
}

export async function collectAnswer(stream: ClientHttp2Stream): Promise<Http2Answer> {
  const answer: Http2Answer = { headers: {}, trailers: {}, content: Buffer.alloc(0), code: 0 };
  const chunks: Buffer[] = [];
  stream.on('response', (headers) => (answer.headers = headers));
  stream.on('trailers', (trailers: IncomingHttpHeaders) => (answer.trailers = trailers));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', ignore);
  await new Promise((resolve) => stream.once('close', resolve));
  return { ...answer, content: Buffer.concat(chunks), code: stream.rstCode };
}

function ignore(): void {
  // Told by what the test looks at.
}
