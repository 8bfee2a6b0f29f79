import type { Duplex } from 'node:stream';
import { formatSocketAddress, type SocketAddress } from '../address/index.ts';
import type { Clock, Logger } from '../core/index.ts';
import { relay, resetSocket } from '../net/index.ts';
import { handshakeTimeoutMs } from './limits.ts';

export interface TunnelOptions {
  client: Duplex;
  /** The connection to the target. */
  stream: Duplex;
  target: SocketAddress;
  /** What the client spoke, for the log. */
  protocol: string;
  signal: AbortSignal;
  logger: Logger;
}

/** Joins a client with its target until both directions have ended. Never rejects. */
export async function runTunnel({
  client,
  stream,
  target,
  protocol,
  signal,
  logger,
}: TunnelOptions): Promise<void> {
  const { bytesAToB, bytesBToA, endedBy, isComplete } = await relay(client, stream, { signal });
  logger.debug('Proxied connection ended', {
    protocol,
    target: formatSocketAddress(target),
    bytesToTarget: bytesAToB,
    bytesToClient: bytesBToA,
    endedBy: { a: 'client', b: 'target', signal: 'shutdown' }[endedBy],
    isComplete,
  });
}

/**
 * Sends `lastBytes` and ends our side, so that the client can read them: closing at once, with bytes of the client
 * unread, would send a reset that overtakes them. A client that does not close within 10 s is reset.
 */
export function closeAfter(client: Duplex, lastBytes: Buffer | string, clock: Clock): void {
  if (client.destroyed) return;
  const deadline = clock.after(handshakeTimeoutMs, () => resetSocket(client));
  client.once('close', () => deadline.cancel());
  client.resume();
  client.end(lastBytes);
}
