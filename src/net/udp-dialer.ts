import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { addAbortListener } from 'node:events';
import type { SocketAddress } from '../address/index.ts';
import type { DatagramDialer, DialOptions, UdpAssociation } from './dialer.ts';
import { datagramQueueBytes } from './limits.ts';
import { toNetError } from './node-errors.ts';

/** Sends datagrams from this machine, each association from a port of its own. */
export function createUdpDialer(): DatagramDialer {
  return {
    async associate(target: SocketAddress, { signal }: DialOptions): Promise<UdpAssociation> {
      signal.throwIfAborted();
      const resolved = await untilAborted(lookup(target.host), signal).catch((error: unknown) => {
        signal.throwIfAborted();
        throw toNetError(error, { target, seconds: 0 });
      });
      const socket = createSocket(resolved.family === 6 ? 'udp6' : 'udp4');
      try {
        await connectSocket(socket, { host: resolved.address, port: target.port });
      } catch (error) {
        socket.close();
        throw toNetError(error, { target, seconds: 0 });
      }
      return createUdpAssociation(socket);
    },
  };
}

/** Wraps a connected socket: the kernel drops what comes from anybody but the target. */
function createUdpAssociation(socket: Socket): UdpAssociation {
  let onDatagram: ((datagram: Buffer) => void) | undefined;
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    socket.once('close', resolve);
  });
  socket.on('message', (datagram: Buffer) => onDatagram?.(datagram));
  // A port-unreachable message of ICMP arrives as ECONNREFUSED: to UDP that is a lost datagram, the target may come up.
  socket.on('error', ignoreError);
  return {
    send(datagram: Buffer): void {
      if (isClosed || socket.getSendQueueSize() + datagram.length > datagramQueueBytes) return;
      socket.send(datagram, ignoreError);
    },
    onDatagram(listener: (datagram: Buffer) => void): void {
      onDatagram = listener;
    },
    close(): void {
      if (isClosed) return;
      isClosed = true;
      socket.close();
    },
    closed,
  };
}

/** Connecting a UDP socket only sets its peer, within this turn of the event loop or the next. */
function connectSocket(socket: Socket, { host, port }: SocketAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, host, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

/** Waits for `work`, which cannot be cancelled, no longer than until `signal` aborts. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let release: Disposable | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    release = addAbortListener(signal, () => reject(new Error('aborted')));
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    release?.[Symbol.dispose]();
  }
}

function ignoreError(): void {
  // A datagram that cannot be sent is lost, as UDP allows.
}
