/**
 * Writes the files of a ConfigMap, Secret or the like so that a reader sees all of a version or all of the next one: the
 * files lie in a folder of the version, `..data` leads to it, and each file's name is a link through `..data`.
 */
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface VolumeFile {
  content: Buffer;
  /** Permission bits. */
  mode: number;
}

/** Relative paths to files. */
export type VolumeFiles = ReadonlyMap<string, VolumeFile>;

/** `folder` exists. The version before it is removed afterwards. */
export async function writeVolume(folder: string, files: VolumeFiles, group?: number): Promise<void> {
  const stamp = new Date()
    .toISOString()
    .replace(/[-T:.]/g, '_')
    .slice(0, 19);
  const version = `..${stamp}.${randomBytes(5).toString('hex')}`;
  for (const [path, { content, mode }] of files) {
    const file = join(folder, version, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, content);
    await chmod(file, group === undefined ? mode : mode | 0o440);
    if (group !== undefined) await chownGroup(file, group);
  }
  await mkdir(join(folder, version), { recursive: true });
  const before = await readlink(join(folder, '..data')).catch(() => undefined);
  await symlink(version, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  const names = new Set([...files.keys()].map((path) => path.split('/')[0] ?? ''));
  const existing = (await readdir(folder)).filter((name) => !name.startsWith('..'));
  for (const name of names) if (!existing.includes(name)) await symlink(`..data/${name}`, join(folder, name));
  for (const name of existing) if (!names.has(name)) await rm(join(folder, name), { force: true });
  if (before !== undefined) await rm(join(folder, before), { recursive: true, force: true });
}

/** In a user namespace with root alone there is no other group; there the files belong to whoever runs the container. */
export async function chownGroup(path: string, group: number): Promise<void> {
  await chown(path, 0, group).catch(() => undefined);
}
