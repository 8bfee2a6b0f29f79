/** `portforward`: over channels of a WebSocket, and over SPDY inside one, which kubectl uses since 1.31. */
import { pipeline, type Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { KubeletApi } from '../../node/index.ts';
import {
  channelWriter,
  messageStream,
  receiveChannels,
  receiveInto,
  type ChannelReceiver,
} from './channels.ts';
import { serveSpdy, type SpdyStream } from './spdy-session.ts';

export const channelProtocol = 'v4.channel.k8s.io';
export const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';

export interface ForwardRequest {
  namespace: string;
  pod: string;
}

/** @param ports each gets two channels: data and error, both of which begin with the port */
export function serveChannels(
  kubelet: KubeletApi,
  socket: WebSocket,
  request: ForwardRequest,
  ports: readonly number[],
): void {
  const leaving = new AbortController();
  socket.once('close', () => leaving.abort());
  socket.on('error', () => leaving.abort());
  const receivers = new Map<number, ChannelReceiver>();
  receiveChannels(socket, receivers);
  let open = ports.length;
  ports.forEach((port, index) => {
    const [data, errors] = [channelWriter(socket, 2 * index), channelWriter(socket, 2 * index + 1)];
    const announcement = Buffer.alloc(2);
    announcement.writeUInt16LE(port);
    for (const writer of [data, errors]) writer.on('error', () => leaving.abort()).write(announcement);
    // What comes before the connection is there waits in the socket.
    socket.pause();
    const done = (): void => {
      open -= 1;
      if (open === 0) socket.close(1000);
    };
    kubelet.connect(request, port, leaving.signal).then(
      (connection) => {
        receivers.set(2 * index, receiveInto(socket, connection));
        socket.once('close', () => connection.destroy());
        pipeline(connection, data, () => {
          connection.destroy();
          done();
        });
        socket.resume();
      },
      (error: unknown) => {
        socket.resume();
        errors.write(failure(port, request, error), done);
      },
    );
  });
}

/** Each connection is two streams with the same request: `error` and `data`. */
export async function serveTunnel(
  kubelet: KubeletApi,
  socket: WebSocket,
  request: ForwardRequest,
): Promise<void> {
  const leaving = new AbortController();
  const errors = new Map<string, SpdyStream>();
  socket.on('error', () => leaving.abort());
  await serveSpdy(messageStream(socket), (stream) => {
    stream.on('error', () => undefined);
    const { headers } = stream;
    const id = headers.get('requestid') ?? headers.get('port') ?? '';
    if (headers.get('streamtype') === 'error') {
      errors.set(id, stream);
      stream.resume();
      stream.once('close', () => errors.delete(id));
      return;
    }
    void forward(kubelet, request, { stream, errors: errors.get(id) }, leaving.signal);
  });
  leaving.abort();
}

async function forward(
  kubelet: KubeletApi,
  request: ForwardRequest,
  { stream, errors }: { stream: SpdyStream; errors: SpdyStream | undefined },
  signal: AbortSignal,
): Promise<void> {
  const port = Number(stream.headers.get('port'));
  let connection: Duplex;
  try {
    connection = await kubelet.connect(request, port, signal);
  } catch (error) {
    errors?.end(failure(port, request, error));
    stream.destroy();
    return;
  }
  stream.once('close', () => connection.destroy());
  pipeline(stream, connection, () => undefined);
  pipeline(connection, stream, () => errors?.end());
}

function failure(port: number, { pod }: ForwardRequest, error: unknown): Buffer {
  const why = error instanceof Error ? error.message : String(error);
  return Buffer.from(
    `an error occurred forwarding ${String(port)} -> ${String(port)}: error forwarding port ${String(port)} to pod ${pod}: ${why}`,
  );
}
