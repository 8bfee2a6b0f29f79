/**
 * The tunnel port, on the pod's loopback only: reaching it takes the right to port-forward, passing the TLS handshake takes
 * a certificate of the namespace's authority.
 */
import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { AGENT_TLS_DIRECTORY, RESUME_ALPN, TUNNEL_PORT } from '../src/contract/index.ts';
import { describeError, runInBackground, type Logger } from '../src/core/index.ts';
import { listen, type Listener } from '../src/net/index.ts';
import { readCredentials } from './credentials.ts';

/** A handshake takes two round trips; this is for the worst of links. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Sessions at once: every developer of a team, several times. One more is closed at once. */
export const MAXIMUM_SESSIONS = 256;

export interface TunnelListenerOptions {
  /** Gets each authenticated connection, and owns it. Resolves when it has ended. */
  onTunnel: (socket: TLSSocket) => Promise<void>;
  logger: Logger;
  tlsDirectory?: string;
  port?: number;
}

export async function listenForTunnels({
  onTunnel,
  logger,
  tlsDirectory = AGENT_TLS_DIRECTORY,
  port = TUNNEL_PORT,
}: TunnelListenerOptions): Promise<Listener> {
  /** What the server's context was made of. */
  let applied = '';
  // It never listens itself: connections are handed to it once the certificate is known to be current.
  const server = createServer({
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    ALPNProtocols: [RESUME_ALPN],
  });
  server.on('secureConnection', (socket) => {
    runInBackground('tunnel', onTunnel(socket), logger);
  });
  server.on('tlsClientError', (error, socket) => {
    logger.warn('tunnel refused', { reason: describeError(error) });
    socket.destroy();
  });

  async function accept(socket: Socket): Promise<void> {
    const credentials = await readCredentials(tlsDirectory);
    if (credentials === undefined) {
      logger.warn('tunnel refused', { reason: `no certificate in ${tlsDirectory}` });
      socket.destroy();
      return;
    }
    const { authority, certificate, key } = credentials;
    if (applied !== authority + certificate) {
      server.setSecureContext({ ca: authority, cert: certificate, key, minVersion: 'TLSv1.3' });
      applied = authority + certificate;
    }
    server.emit('connection', socket);
  }

  const listener = await listen({
    host: '127.0.0.1',
    port,
    onConnection: (socket) => {
      if (listener.connectionCount > MAXIMUM_SESSIONS) {
        logger.warn('tunnel refused', { reason: `more than ${MAXIMUM_SESSIONS} sessions` });
        socket.destroy();
        return;
      }
      accept(socket).catch((error: unknown) => {
        // Read between two writes of the kubelet: the client tries again.
        logger.warn('tunnel refused', { reason: describeError(error) });
        socket.destroy();
      });
    },
  });
  return listener;
}
