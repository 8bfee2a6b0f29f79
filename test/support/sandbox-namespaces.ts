/** Runs a program in the namespaces that the sandbox lives in: as an ordinary user, or as root without a user namespace. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';

export type NamespaceKind = 'rootless' | 'root';

const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child'];

/** What comes before the program's own words. An ordinary user is tried also when this is root. */
function prefixOf(kind: NamespaceKind): string[] {
  const user = kind === 'rootless' ? ['--user', '--map-root-user'] : [];
  const become =
    kind === 'rootless' && process.getuid?.() === 0
      ? ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--inh-caps=-all']
      : [];
  return [
    ...become,
    'unshare',
    ...user,
    ...namespaces,
    'sh',
    '-c',
    'mount -t proc proc /proc && exec "$@"',
    'sh',
  ];
}

/** Why such namespaces cannot be made here; false: they can. In the form that `skip` of a test takes. */
export function whyNotIn(kind: NamespaceKind): string | false {
  if (process.platform !== 'linux') return 'namespaces are Linux';
  if (kind === 'root' && process.getuid?.() !== 0) return 'needs root';
  const [file, ...args] = [...prefixOf(kind), 'ip', 'link', 'show', 'lo'];
  const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  if (status === 0) return false;
  return `no ${kind} namespaces: ${error?.message ?? stderr.trim()}`;
}

/**
 * The program's environment is that of the test, without what ties it to the test runner; `folder` is where it makes its
 * temporary files. Its output is piped.
 */
export function spawnInNamespaces(
  kind: NamespaceKind,
  command: readonly string[],
  folder: string,
): ChildProcess {
  const [file = '', ...args] = [...prefixOf(kind), ...command];
  // Where `ip` and `pivot_root` are is not on everybody's path.
  const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const env: NodeJS.ProcessEnv = { ...process.env, PATH, TMPDIR: folder };
  delete env['NODE_TEST_CONTEXT'];
  return spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
}
