/** The client's side of the tunnel's TLS. */
import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { describeError } from '../core/index.ts';
import { createError } from '../errors/index.ts';

/** PEM texts, and the name the agent's certificate must carry. */
export interface TunnelCredentials {
  authority: string;
  certificate: string;
  key: string;
  serverName: string;
}

/**
 * A mutual TLS 1.3 connection over `carrier`, which it owns from now on.
 * @throws {TUNNEL_LOST}, or `signal.reason`
 */
export function secure(
  carrier: Duplex,
  credentials: TunnelCredentials,
  { alpn, signal }: { alpn?: string; signal: AbortSignal },
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      socket: carrier,
      ca: credentials.authority,
      cert: credentials.certificate,
      key: credentials.key,
      servername: credentials.serverName,
      minVersion: 'TLSv1.3',
      ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
    });
    const onAbort = (): void => {
      socket.destroy(signal.reason as Error);
    };
    const fail = (error?: Error): void => {
      signal.removeEventListener('abort', onAbort);
      carrier.destroy();
      reject(
        signal.aborted
          ? (signal.reason as Error)
          : createError('TUNNEL_LOST', { reason: describeError(error ?? 'closed during the TLS handshake') }),
      );
    };
    const onClose = (): void => {
      fail();
    };
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', onAbort);
      socket.off('close', onClose).off('error', fail);
      resolve(socket);
    });
    socket.on('error', fail).on('close', onClose);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
}
