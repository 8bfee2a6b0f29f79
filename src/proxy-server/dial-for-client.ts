import { addAbortListener } from 'node:events';
import type { Duplex, Writable } from 'node:stream';
import type { SocketAddress } from '../address/index.ts';
import type { Dialer } from '../net/index.ts';

export interface DialForClientOptions {
  /** The client's connection, or the response that it waits for. */
  client: Writable;
  target: SocketAddress;
  dialer: Dialer;
  /** Lifetime of the server. */
  signal: AbortSignal;
}

/**
 * Dials for a client, as long as the client is there.
 *
 * @throws what {@link Dialer.dial} throws; an AbortError when the client goes away first
 */
export async function dialForClient({
  client,
  target,
  dialer,
  signal,
}: DialForClientOptions): Promise<Duplex> {
  const attempt = new AbortController();
  const abort = (): void => attempt.abort();
  const released = addAbortListener(signal, abort);
  client.once('close', abort);
  if (client.destroyed) abort();
  try {
    return await dialer.dial(target, { signal: attempt.signal });
  } finally {
    client.off('close', abort);
    released[Symbol.dispose]();
  }
}
