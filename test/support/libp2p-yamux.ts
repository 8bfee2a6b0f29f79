/**
 * `@chainsafe/libp2p-yamux` over a Node socket, for interoperability tests: somebody else's yamux, written from the same
 * specification.
 */
import { yamux, type YamuxMuxerInit } from '@chainsafe/libp2p-yamux';
import type { Socket } from 'node:net';

type Factory = ReturnType<ReturnType<typeof yamux>>;
type Connection = Parameters<Factory['createStreamMuxer']>[0];
export type Libp2pMuxer = ReturnType<Factory['createStreamMuxer']>;
export type Libp2pStream = Awaited<ReturnType<Libp2pMuxer['createStream']>>;
type Bytes = Parameters<Libp2pStream['send']>[0];

/** `Promise.withResolvers`, which libp2p calls and Node 20 lacks. */
function withResolvers(): object {
  let resolve: unknown;
  let reject: unknown;
  const promise = new Promise((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

export interface Libp2pOptions {
  readonly socket: Socket;
  readonly role: 'client' | 'server';
  readonly onStream?: (stream: Libp2pStream) => void;
  readonly init?: YamuxMuxerInit;
}

/** Starts a libp2p session on `socket`; without heartbeats unless `init` asks for them. */
export function createLibp2pMuxer({ socket, role, onStream, init }: Libp2pOptions): Libp2pMuxer {
  if (!('withResolvers' in Promise)) Object.assign(Promise, { withResolvers });
  const connection = new SocketConnection(socket, role === 'client' ? 'outbound' : 'inbound');
  const factory = yamux({ enableKeepAlive: false, ...init })();
  const muxer = factory.createStreamMuxer(connection as unknown as Connection);
  muxer.addEventListener('stream', ({ detail }) => onStream?.(detail));
  return muxer;
}

/** What the muxer uses of libp2p's connections. */
class SocketConnection extends EventTarget {
  readonly direction: 'inbound' | 'outbound';
  readonly log: unknown = createSilentLog();
  readonly #socket: Socket;

  constructor(socket: Socket, direction: 'inbound' | 'outbound') {
    super();
    this.#socket = socket;
    this.direction = direction;
    socket.on('data', (data: Buffer) => this.dispatchEvent(Object.assign(new Event('message'), { data })));
    socket.on('drain', () => this.dispatchEvent(new Event('drain')));
    socket.on('close', () => this.dispatchEvent(new Event('close')));
    socket.on('error', () => undefined);
  }

  send(bytes: Bytes): boolean {
    return this.#socket.write(bytes.subarray());
  }

  abort(): void {
    this.#socket.destroy();
  }
}

function createSilentLog(): unknown {
  const ignore = (): void => undefined;
  const log = Object.assign(ignore, { trace: ignore, error: ignore, newScope: (): unknown => log });
  return log;
}

/** Sends all of `bytes` with regard to backpressure, in pieces of 50,000. */
export async function sendAll(stream: Libp2pStream, bytes: Buffer): Promise<void> {
  for (let offset = 0; offset < bytes.length; offset += 50_000) {
    if (!stream.send(bytes.subarray(offset, offset + 50_000))) await stream.onDrain();
  }
}

/**
 * Resolves with all that `stream` delivers before the other end ends it. To be called as soon as the stream is there:
 * libp2p tells of the end by an event, once.
 */
export function receiveAll(stream: Libp2pStream): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  stream.addEventListener('message', ({ data }) => chunks.push(data.subarray()));
  return new Promise((resolve) => {
    stream.addEventListener('end', () => resolve(Buffer.concat(chunks)), { once: true });
  });
}

/** Resolves with the error that `stream` closes with. */
export function findCloseError(stream: Libp2pStream): Promise<Error | undefined> {
  return new Promise((resolve) => {
    stream.addEventListener('close', ({ error }) => resolve(error), { once: true });
  });
}
