/**
 * The private key by which agents know this daemon. It stays on this machine, for its owner only, so that a daemon that comes
 * back after a crash is the one that held what its predecessor held.
 */
import { createPrivateKey } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { createKey } from '../pki/index.ts';

/** PEM of the key in `file`, which is made when there is none, or none that can be read. */
export async function loadClientKey(file: string): Promise<string> {
  const stored = await readKey(file);
  if (stored !== undefined) return stored;
  const key = await createKey();
  // Whole or not at all: another daemon may start at the same moment, and this one may be killed.
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, key, { mode: 0o600 });
  try {
    await rm(file, { force: true });
    await link(draft, file);
  } catch (error) {
    const winner = await readKey(file);
    if (winner === undefined) throw error;
    return winner;
  } finally {
    await rm(draft, { force: true });
  }
  return key;
}

async function readKey(file: string): Promise<string | undefined> {
  try {
    const key = await readFile(file, 'utf8');
    createPrivateKey(key);
    return key;
  } catch {
    return undefined;
  }
}
