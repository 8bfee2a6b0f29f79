/**
 * The agent's certificate. The kubelet keeps the files of the Secret up to date, so a renewed certificate serves the next
 * handshake without a restart. Where there is none (the Secret was deleted), the agent serves the application all the
 * same and has no tunnel.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** PEM texts. */
export interface Credentials {
  authority: string;
  certificate: string;
  key: string;
}

/** Reads the files as they are now; undefined while one is missing. */
export async function readCredentials(directory: string): Promise<Credentials | undefined> {
  try {
    const read = (name: string): Promise<string> => readFile(join(directory, name), 'utf8');
    const [authority, certificate, key] = await Promise.all([
      read('ca.crt'),
      read('tls.crt'),
      read('tls.key'),
    ]);
    return { authority, certificate, key };
  } catch {
    return undefined;
  }
}
