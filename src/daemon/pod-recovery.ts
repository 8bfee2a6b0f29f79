/** Keeps the manifests of bare Pods on disk while they are being re-created: a crash in between loses no Pod. */
import { mkdir, open, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, type Clock, type Logger } from '../core/index.ts';
import { createError } from '../errors/index.ts';
import { recoverPod, type PodRecovery } from '../intercepts/index.ts';
import type { KubeClient } from '../kube/index.ts';

export interface RecoveryFolder extends PodRecovery {
  /** Creates the Pods of `kube`'s cluster that an earlier daemon deleted and could not create again. */
  complete(kube: KubeClient, options: { clock: Clock; logger: Logger; signal: AbortSignal }): Promise<void>;
}

export function createRecoveryFolder(directory: string): RecoveryFolder {
  const fileOf = (name: string): string => join(directory, `${name}.json`);

  return {
    async save(name, json): Promise<void> {
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        const file = await open(fileOf(name), 'w', 0o600);
        try {
          await file.writeFile(json);
          // The Pod is deleted next: what is only in memory would not survive the machine.
          await file.sync();
        } finally {
          await file.close();
        }
      } catch (cause) {
        throw createError(
          'FILE_NOT_WRITABLE',
          { path: fileOf(name), reason: describeError(cause) },
          { cause },
        );
      }
    },
    async remove(name): Promise<void> {
      await rm(fileOf(name), { force: true });
    },
    async complete(kube, { clock, logger, signal }): Promise<void> {
      const files = await readdir(directory).catch(() => []);
      for (const file of files) {
        const path = join(directory, file);
        try {
          const isDone = await recoverPod(kube, await readFile(path, 'utf8'), { clock, signal });
          if (isDone) await rm(path, { force: true });
        } catch (error) {
          logger.warn('cannot bring back a Pod', { file, reason: describeError(error) });
        }
      }
    },
  };
}
