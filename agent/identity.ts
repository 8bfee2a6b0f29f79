/** Who is at the other end of an authenticated connection: the holder of a private key, whatever its certificate says. */
import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** SHA-256 of the public key (SubjectPublicKeyInfo), in hexadecimal: the same for all certificates of one key. */
export function identityOf(socket: Pick<TLSSocket, 'getPeerX509Certificate'>): string {
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
  return key === undefined ? '' : createHash('sha256').update(key).digest('hex');
}
