/** The files of `--env-file` and `--env-json`. */
import { openEnvironmentFile, type EnvironmentFile } from './file.ts';
import type { Variables } from './local-environment.ts';
import { formatEnvironment, type SyntaxName } from './syntaxes.ts';

export interface EnvironmentFiles extends AsyncDisposable {
  /** Writes all of them. @returns what could not be written, in a sentence each @throws {FILE_NOT_WRITABLE} */
  write(variables: Variables): Promise<string[]>;
}

/**
 * Opens each file whose path is given; those that are not written before the disposal leave no trace.
 * @throws {FILE_NOT_WRITABLE}
 */
export async function openEnvironmentFiles(
  wanted: readonly { path: string | undefined; syntax: SyntaxName }[],
  folder: string,
): Promise<EnvironmentFiles> {
  const files: { file: EnvironmentFile; syntax: SyntaxName }[] = [];
  const discard = async (): Promise<void> => {
    for (const { file } of files) await file.discard();
  };
  try {
    for (const { path, syntax } of wanted)
      if (path !== undefined) files.push({ file: await openEnvironmentFile(path, folder), syntax });
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    async write(variables) {
      const notes: string[] = [];
      for (const { file, syntax } of files) {
        const { text, skipped } = formatEnvironment(syntax, variables);
        await file.commit(text);
        notes.push(...skipped.map(({ name, reason }) => `${name} is not in ${file.path}: ${reason}`));
      }
      return notes;
    },
    [Symbol.asyncDispose]: discard,
  };
}
