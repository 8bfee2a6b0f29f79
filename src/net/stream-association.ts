import type { Duplex } from 'node:stream';
import { DatagramDecoder, encodeDatagram, maximumDatagramBytes } from '../protocol/datagram/index.ts';
import type { UdpAssociation } from './dialer.ts';
import { datagramQueueBytes } from './limits.ts';
import { resetSocket } from './reset-socket.ts';

/**
 * Makes a byte stream an association: datagrams travel in the frames of `src/protocol/datagram/`. It owns the stream.
 * The association is closed when the other end ends the stream or breaks the framing.
 */
export function createStreamAssociation(stream: Duplex): UdpAssociation {
  const decoder = new DatagramDecoder();
  let onDatagram: ((datagram: Buffer) => void) | undefined;
  const closed = new Promise<void>((resolve) => {
    if (stream.closed) resolve();
    else stream.once('close', resolve);
  });
  const orReset = (decode: () => void): void => {
    try {
      decode();
    } catch {
      resetSocket(stream);
    }
  };
  const close = (): void => {
    if (stream.destroyed || stream.writableEnded) return;
    // Datagrams sent just before still leave.
    stream.end(() => stream.destroy());
  };
  stream.on('error', () => resetSocket(stream));
  stream.on('data', (chunk: Buffer) => {
    orReset(() => {
      for (const datagram of decoder.receive(chunk)) onDatagram?.(datagram);
    });
  });
  stream.once('end', () => {
    orReset(() => decoder.end());
    close();
  });
  return {
    send(datagram: Buffer): void {
      // As UDP does: what does not fit is lost, and nobody waits.
      if (!stream.writable || datagram.length > maximumDatagramBytes) return;
      if (stream.writableLength + datagram.length > datagramQueueBytes) return;
      stream.write(encodeDatagram(datagram));
    },
    onDatagram(listener: (datagram: Buffer) => void): void {
      onDatagram = listener;
    },
    close,
    closed,
  };
}
