/** Kubernetes' channels over one WebSocket: the first byte of each message says which stream its rest belongs to. */
import { Duplex, Writable } from 'node:stream';
import type { WebSocket } from 'ws';

/** Bytes of one message that the server sends, without the channel. */
const messageBytes: number = 32 * 1024;

export type ChannelReceiver = (data: Buffer) => void;

/** Calls the receiver of each message's channel; messages of other channels are dropped. */
export function receiveChannels(socket: WebSocket, receivers: ReadonlyMap<number, ChannelReceiver>): void {
  socket.on('message', (message) => {
    const bytes = toBuffer(message);
    const [channel] = bytes;
    if (channel !== undefined) receivers.get(channel)?.(bytes.subarray(1));
  });
}

export function channelWriter(socket: WebSocket, channel: number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done): void {
      sendParts(socket, channel, chunk, done);
    },
  });
}

function sendParts(
  socket: WebSocket,
  channel: number,
  chunk: Buffer,
  done: (error?: Error | null) => void,
): void {
  if (socket.readyState !== socket.OPEN) {
    done(new Error('the client is gone'));
    return;
  }
  const part = chunk.subarray(0, messageBytes);
  const left = chunk.subarray(messageBytes);
  socket.send(Buffer.concat([Buffer.from([channel]), part]), (error) => {
    if (error instanceof Error) done(error);
    else if (left.length > 0) sendParts(socket, channel, left, done);
    else done();
  });
}

/** Writes into `target` what a channel brings, and stops reading the socket while the target is full. */
export function receiveInto(socket: WebSocket, target: Writable): ChannelReceiver {
  return (data) => {
    if (target.writableEnded || target.destroyed || target.write(data)) return;
    socket.pause();
    const go = (): void => {
      target.off('drain', go).off('close', go);
      socket.resume();
    };
    target.on('drain', go).on('close', go);
  };
}

/** The socket's binary messages as one stream of bytes. */
export function messageStream(socket: WebSocket): Duplex {
  const stream = new Duplex({
    read: () => socket.resume(),
    write(chunk: Buffer, _encoding, done): void {
      if (socket.readyState !== socket.OPEN) done(new Error('the client is gone'));
      else socket.send(chunk, (error) => done(error ?? null));
    },
    final(done): void {
      socket.close(1000);
      done();
    },
    destroy(error, done): void {
      socket.close(1000);
      done(error);
    },
  });
  socket.on('message', (message) => {
    if (!stream.push(toBuffer(message))) socket.pause();
  });
  socket.once('close', () => {
    stream.push(null);
    stream.destroy();
  });
  return stream;
}

function toBuffer(message: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Buffer.isBuffer(message)) return message;
  return Array.isArray(message) ? Buffer.concat(message) : Buffer.from(message);
}
