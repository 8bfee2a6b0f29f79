/**
 * A file that will hold an environment, with its secrets: readable by its owner only, and complete from the moment it
 * has its name. It is opened before anything is changed in the cluster, so that a path that cannot be written costs
 * nothing.
 */
import { open, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { describeError } from '../../src/core/index.ts';
import { createError, type ToolError } from '../../src/errors/index.ts';

export interface EnvironmentFile {
  readonly path: string;
  /** Writes the text and gives the file its name. Call it once. @throws {FILE_NOT_WRITABLE} */
  commit(text: string): Promise<void>;
  /** Takes back a file that was not committed; does nothing after a commit. */
  discard(): Promise<void>;
}

/** Opens the file at `path`, relative to `folder`. @throws {FILE_NOT_WRITABLE} */
export async function openEnvironmentFile(path: string, folder: string): Promise<EnvironmentFile> {
  const failed = (error: unknown): ToolError =>
    createError('FILE_NOT_WRITABLE', { path, reason: describeError(error) }, { cause: error });
  try {
    const target = await followLinks(resolve(folder, path));
    const existing = await stat(target).catch(() => undefined);
    // A pipe or a device is written to as it is; a folder fails here.
    if (existing !== undefined && !existing.isFile()) {
      const handle = await open(target, 'w');
      return guard(path, failed, directly(handle));
    }
    if (existing !== undefined) await (await open(target, 'r+')).close();
    const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
    return guard(path, failed, byRename(await open(temporary, 'w', 0o600), temporary, target));
  } catch (error) {
    throw failed(error);
  }
}

type Actions = Omit<EnvironmentFile, 'path'>;

function directly(handle: FileHandle): Actions {
  return {
    async commit(text) {
      await handle.writeFile(text);
      await handle.close();
    },
    discard: () => handle.close(),
  };
}

function byRename(handle: FileHandle, temporary: string, target: string): Actions {
  return {
    async commit(text) {
      await handle.writeFile(text);
      await handle.close();
      await rename(temporary, target);
    },
    async discard() {
      await handle.close();
      await rm(temporary, { force: true });
    },
  };
}

/** Lets `discard` run at most once and never after a commit that went through. */
function guard(path: string, failed: (error: unknown) => ToolError, actions: Actions): EnvironmentFile {
  let isOpen = true;
  const discard = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await actions.discard();
  };
  return {
    path,
    discard,
    async commit(text) {
      try {
        await actions.commit(text);
        isOpen = false;
      } catch (error) {
        await discard();
        throw failed(error);
      }
    },
  };
}

/** Renaming over a symbolic link would replace the link. */
async function followLinks(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
