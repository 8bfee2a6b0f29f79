/**
 * A container's root, as a shell script: the machine's programs below overlays, so that everything can be written and
 * nothing of the machine is changed; its own /dev, /proc, /tmp, /run, /home; the volumes. Only programs of util-linux.
 *
 * In a user namespace the machine's own folders belong to nobody there, and no folder can be made in them. So the
 * overlays' upper folders get the mount points before: what lies in an upper folder belongs to the container's root.
 */
import { posix } from 'node:path';
import { quoteWord } from './shell.ts';

/** What of the machine's root a container sees. */
export interface MachineRoot {
  /** Names in `/` that are folders, for example `usr`. */
  folders: readonly string[];
  /** Names in `/` that are links, and where they lead, relative to `/`: `bin` to `usr/bin`. */
  links: ReadonlyMap<string, string>;
}

export interface BindMount {
  /** A folder or file of the node. */
  source: string;
  /** Absolute, in the container. */
  target: string;
  isFile: boolean;
  isReadOnly: boolean;
}

export interface RootOptions {
  machine: MachineRoot;
  /** An empty folder for the container's own files. */
  folder: string;
  /** Folders of the machine besides its programs, at the same path. */
  imageFolders: readonly string[];
  mounts: readonly BindMount[];
  isReadOnly: boolean;
}

const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
const ownFolders = [
  'dev',
  'proc',
  'sys',
  'run',
  'home',
  'root',
  'mnt',
  'srv',
  'var/tmp',
  'var/log',
  'var/lib',
  'var/cache',
];

/**
 * Returns the commands that make the root and enter it. They run in new mount and process namespaces, `sh -e`, as the
 * user namespace's root. Afterwards nothing of the node's files is reachable.
 */
export function rootScript({ machine, folder, imageFolders, mounts, isReadOnly }: RootOptions): string {
  const overlays = [
    ...machine.folders.map((name) => `/${name}`),
    ...imageFolders.filter((path) => !isBelow(path, machine)),
  ];
  const inner = [...mounts].sort((a, b) => depthOf(a.target) - depthOf(b.target));
  const at = (path: string): string => quoteWord(posix.join(folder, path));
  return [
    `mkdir -p ${at('root')}`,
    `mount -t tmpfs -o mode=755 tmpfs ${at('root')}`,
    `mkdir -p ${overlays.flatMap((path) => [at(`upper${path}`), at(`work${path}`), at(`root${path}`)]).join(' ')}`,
    ...inner.map((mount) => mountPointScript(mount, overlays, machine, at)),
    `cd ${at('root')}`,
    `mkdir -p ${ownFolders.join(' ')} .machine`,
    // An image's folder may lie in /tmp, and has made it then.
    'mkdir -p tmp',
    'chmod 1777 tmp var/tmp',
    'ln -s ../run var/run',
    ...[...machine.links].map(([name, target]) => `ln -s ${quoteWord(target)} ${quoteWord(name)}`),
    ...overlays.map((path) => overlayScript(path, at)),
    // A machine that hides parts of its /proc allows no new one.
    'mount -t proc proc proc 2>/dev/null || mount --rbind /proc proc',
    'mount --rbind /sys sys',
    'mount -t tmpfs -o mode=755 tmpfs dev',
    'mkdir dev/pts',
    'mkdir -m 1777 dev/shm',
    `for d in ${devices.join(' ')}; do : >dev/$d; mount --bind /dev/$d dev/$d; done`,
    'mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts',
    'ln -s pts/ptmx dev/ptmx; ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr',
    'pivot_root . .machine',
    'cd /',
    ...inner.map(bindScript),
    'umount -l /.machine',
    'rmdir /.machine',
    ...(isReadOnly ? overlays.concat('/').map((path) => `mount -o remount,bind,ro ${quoteWord(path)}`) : []),
  ].join('\n');
}

function isBelow(path: string, machine: MachineRoot): boolean {
  const [, first = ''] = path.split('/');
  return machine.folders.includes(first) || machine.links.has(first);
}

function depthOf(path: string): number {
  return path.split('/').filter(Boolean).length;
}

/** Makes the mount point in the upper folder of the overlay it will lie in; elsewhere it is made when it is mounted. */
function mountPointScript(
  { target, isFile }: BindMount,
  overlays: readonly string[],
  machine: MachineRoot,
  at: (path: string) => string,
): string {
  const [, first = '', ...rest] = target.split('/');
  const link = machine.links.get(first);
  const real = link === undefined ? target : posix.join('/', link, ...rest);
  if (!overlays.some((path) => real.startsWith(`${path}/`))) return ':';
  const upper = at(`upper${real}`);
  return isFile ? `mkdir -p ${at(posix.dirname(`upper${real}`))}; : >${upper}` : `mkdir -p ${upper}`;
}

/** Without overlays (an old kernel) the folder itself, read-only. */
function overlayScript(path: string, at: (path: string) => string): string {
  const options = `userxattr,lowerdir=${quoteWord(path)},upperdir=${at(`upper${path}`)},workdir=${at(`work${path}`)}`;
  const target = quoteWord(`.${path}`);
  return (
    `mount -t overlay -o ${options} overlay ${target} 2>/dev/null || ` +
    `{ mount --bind ${quoteWord(path)} ${target}; mount -o remount,bind,ro ${target}; }`
  );
}

function bindScript({ source, target, isFile, isReadOnly }: BindMount): string {
  const point = quoteWord(target);
  const create = isFile ? `mkdir -p ${quoteWord(posix.dirname(target))}; : >${point}` : `mkdir -p ${point}`;
  const lines = [
    `[ -e ${point} ] || { ${create}; }`,
    `mount --bind ${quoteWord(posix.join('/.machine', source))} ${point}`,
  ];
  if (isReadOnly) lines.push(`mount -o remount,bind,ro ${point}`);
  return lines.join('\n');
}
