/**
 * Binds the daemon's unix socket so that, for one path, at most one daemon answers: the socket is the lock that keeps
 * two command lines from starting two daemons. The socket of a daemon that was killed is replaced.
 *
 * The server binds under a name of its own and renames over the well-known one. So there is no moment in which the path
 * leads nowhere, and the unlink that libuv does at close hits the own name, never the socket of a successor.
 */
import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import type { Clock } from '../core/index.ts';
import { assertSocketPath } from '../contract/index.ts';
import { raise } from '../errors/index.ts';

/** Probing and renaming take milliseconds; a lock older than this belongs to a process that was killed meanwhile. */
const LOCK_STALE_MS = 5_000;
/** Somebody else holds the lock for milliseconds at most, or until {@link LOCK_STALE_MS}. */
const LOCK_WAIT_MS = 10_000;
const LOCK_POLL_MS = 20;

export interface BindOptions {
  server: Server;
  socketPath: string;
  clock: Clock;
}

/**
 * Listens on `socketPath` with mode 0600, in a folder that is made with mode 0700 where it is missing.
 * @returns a function that closes nothing but removes the path, if it still leads to this server
 * @throws {DAEMON_ALREADY_RUNNING} when another process answers there
 * @throws {DAEMON_FOLDER_UNSAFE} when others could put their own socket into the folder
 * @throws {SOCKET_PATH_TOO_LONG}
 */
export async function bindApiSocket({
  server,
  socketPath,
  clock,
}: BindOptions): Promise<() => Promise<void>> {
  assertSocketPath(socketPath);
  await prepareFolder(dirname(socketPath));
  const release = await takeLock(`${socketPath}.lock`, clock);
  try {
    if (await isAnswered(socketPath)) raise('DAEMON_ALREADY_RUNNING', { socket: socketPath });
    const ownPath = `${socketPath}.${String(process.pid)}`;
    // Left behind by a killed daemon that had the same process id.
    await rm(ownPath, { force: true });
    await listenPrivately(server, ownPath);
    const { ino: inode } = await stat(ownPath);
    await rename(ownPath, socketPath);
    return async (): Promise<void> => {
      const current = await stat(socketPath).catch(() => undefined);
      if (current?.ino === inode) await rm(socketPath, { force: true });
    };
  } finally {
    await release();
  }
}

async function prepareFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { mode, uid } = await stat(folder);
  if (process.getuid === undefined) return;
  if (uid !== process.getuid()) raise('DAEMON_FOLDER_UNSAFE', { path: folder, reason: 'it is not yours' });
  // Others may look in: the socket's own mode keeps them out. Who may write could exchange the socket.
  if ((mode & 0o022) !== 0)
    raise('DAEMON_FOLDER_UNSAFE', { path: folder, reason: 'others may write to it (chmod 700 ends that)' });
}

/** Node binds within the call of `listen`, so that the file mode mask is narrow for no other file. */
async function listenPrivately(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const mask = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
  await chmod(path, 0o600);
}

/** Tells whether a process accepts connections at `path`. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => settle(true));
    // ENOENT: nobody ever listened. ECONNREFUSED: the file of a dead process. ENOTSOCK: not a socket at all.
    socket.once('error', () => settle(false));
  });
}

/** Creates the lock file, waiting while another daemon that starts at the same time has it. */
async function takeLock(path: string, clock: Clock): Promise<() => Promise<void>> {
  const deadlineMs = clock.monotonicMs() + LOCK_WAIT_MS;
  for (;;) {
    try {
      await (await open(path, 'wx', 0o600)).close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const lock = await stat(path).catch(() => undefined);
    if (lock !== undefined && clock.epochMs() - lock.mtimeMs > LOCK_STALE_MS) await rm(path, { force: true });
    else if (clock.monotonicMs() > deadlineMs) raise('DAEMON_ALREADY_RUNNING', { socket: path });
    else await clock.sleep(LOCK_POLL_MS, { signal: new AbortController().signal });
  }
}
