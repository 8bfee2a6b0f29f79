/** Whether this machine can run a sandbox, and how: told before anything is started. */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { raise } from '../../src/errors/index.ts';

/** Program to the Debian package that has it; other distributions call them the same. */
const programs = { unshare: 'util-linux', nsenter: 'util-linux', mount: 'mount', ip: 'iproute2' } as const;

export interface Machine {
  platform: NodeJS.Platform;
  isRoot: boolean;
  environment: Readonly<Record<string, string | undefined>>;
  /** Folders that are searched besides PATH: an ordinary user's often lacks those that have ip. */
  moreFolders?: readonly string[];
}

const systemFolders = ['/usr/sbin', '/sbin'];

/**
 * @returns whether an ordinary user's namespaces are to be used
 * @throws {SANDBOX_UNSUPPORTED}
 */
export async function preflight({
  platform,
  isRoot,
  environment,
  moreFolders = systemFolders,
}: Machine): Promise<{ isRootless: boolean }> {
  if (platform !== 'linux')
    raise('SANDBOX_UNSUPPORTED', {
      reason: `its pods need Linux, and this is ${platform}`,
      remedy:
        'Use a cluster of yours: tp connect --kubeconfig FILE; or run the sandbox in a Linux virtual machine',
    });
  const path = environment['PATH'] ?? '';
  for (const [program, owner] of Object.entries(programs))
    if (!(await isOnPath(program, [...foldersOf(path), ...moreFolders])))
      raise('SANDBOX_UNSUPPORTED', {
        reason: `there is no program "${program}"`,
        remedy: `Install the package ${owner}, for example: sudo apt-get install ${owner}`,
      });
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--mount-proc'];
  const complaint = await tryUnshare(['--user', '--map-root-user', ...namespaces], path);
  if (complaint === undefined) return { isRootless: true };
  if (isRoot && (await tryUnshare(namespaces, path)) === undefined) return { isRootless: false };
  raise('SANDBOX_UNSUPPORTED', {
    reason: `this system forbids user namespaces (${complaint})`,
    remedy:
      'Allow them: sudo sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0; or run tp as root',
  });
}

async function isOnPath(program: string, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders)
    if (
      await access(join(folder, program), constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return true;
  return false;
}

const foldersOf = (path: string): string[] => path.split(delimiter).filter((folder) => folder !== '');

/** The PATH that the sandbox's programs get. */
export function sandboxPath(path: string): string {
  return [...new Set([...path.split(delimiter).filter((folder) => folder !== ''), ...systemFolders])].join(
    delimiter,
  );
}

/** What `unshare` complains of; undefined when it works. */
function tryUnshare(options: readonly string[], path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      'unshare',
      [...options, 'true'],
      { env: { PATH: sandboxPath(path) }, timeout: 10_000 },
      (error, _stdout, stderr) => {
        if (error === null) resolve(undefined);
        else
          resolve(
            stderr
              .trim()
              .split('\n')[0]
              ?.replace(/^unshare: /, '') ?? error.message,
          );
      },
    );
  });
}
