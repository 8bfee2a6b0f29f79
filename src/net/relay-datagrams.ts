import { addAbortListener } from 'node:events';
import type { UdpAssociation } from './dialer.ts';

/**
 * Passes datagrams between two associations, which it owns from here on, until one of them is closed or `signal`
 * aborts; then closes both and resolves. Never rejects.
 */
export async function relayDatagrams(
  a: UdpAssociation,
  b: UdpAssociation,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const closeBoth = (): void => {
    a.close();
    b.close();
  };
  a.onDatagram((datagram) => b.send(datagram));
  b.onDatagram((datagram) => a.send(datagram));
  const aborted = addAbortListener(signal, closeBoth);
  await Promise.race([a.closed, b.closed]);
  closeBoth();
  await Promise.all([a.closed, b.closed]);
  aborted[Symbol.dispose]();
}
