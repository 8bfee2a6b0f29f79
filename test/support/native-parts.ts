/** The native parts for tests, and why there are none. */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { loadNative, type Native } from '../../src/tun/native.ts';

export const run: typeof execFile.__promisify__ = promisify(execFile);
export const nativeDirectory: string = resolve('dist/native', `${process.platform}-${process.arch}`);
export const launcher: string = resolve(nativeDirectory, 'tp-launch');

/** The addon; or the reason to skip. */
export function findNative(): { native: Native; skip: false } | { native: undefined; skip: string } {
  try {
    return { native: loadNative(nativeDirectory), skip: false };
  } catch (error) {
    return { native: undefined, skip: (error as Error).message };
  }
}

/** Why no namespace can be made here; false: it can. */
export async function reasonAgainstNamespaces(): Promise<string | false> {
  try {
    await run(launcher, ['--check']);
    return false;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    return stderr === undefined || stderr === '' ? message : stderr.trim();
  }
}
