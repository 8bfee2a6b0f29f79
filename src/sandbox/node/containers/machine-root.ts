import { lstat, readlink } from 'node:fs/promises';
import type { MachineRoot } from './root-script.ts';

/** Where programs and their settings live; homes, mounted media and the machine's own state are not a pod's business. */
const names = ['bin', 'etc', 'gnu', 'lib', 'lib32', 'lib64', 'libx32', 'nix', 'opt', 'sbin', 'usr'];

/** Looks at `/` once: what of it containers see. */
export async function readMachineRoot(): Promise<MachineRoot> {
  const folders: string[] = [];
  const links = new Map<string, string>();
  for (const name of names) {
    const found = await lstat(`/${name}`).catch(() => undefined);
    if (found?.isSymbolicLink() === true) links.set(name, (await readlink(`/${name}`)).replace(/^\/+/, ''));
    else if (found?.isDirectory() === true) folders.push(name);
  }
  return { folders, links };
}
