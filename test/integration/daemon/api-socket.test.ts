import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../../src/core/index.ts';
import { bindApiSocket } from '../../../src/daemon/api-socket.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

async function bind(t: TestContext, socketPath: string): Promise<() => Promise<void>> {
  const server = createServer((socket) => socket.end());
  t.after(() => server.close());
  return bindApiSocket({ server, socketPath, clock: systemClock });
}

async function isReachable(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Leaves the socket file of a process that was killed. */
async function leaveStaleSocket(path: string): Promise<void> {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await once(spawn(process.execPath, ['-e', script]), 'exit');
  assert.ok((await stat(path)).isSocket());
}

test('bindApiSocket() makes an owner-only folder and socket', async (t) => {
  const folder = join(await createTemporaryFolder(t), 'a', 'b');
  const socketPath = join(folder, 'daemon.sock');
  await bind(t, socketPath);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  assert.equal((await stat(socketPath)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(folder), ['daemon.sock'], 'no lock and no other name is left');
});

test('bindApiSocket() does not change the file mode mask', async (t) => {
  const folder = await createTemporaryFolder(t);
  await writeFile(join(folder, 'before'), '');
  await bind(t, join(folder, 'daemon.sock'));
  await writeFile(join(folder, 'after'), '');
  assert.equal((await stat(join(folder, 'after'))).mode, (await stat(join(folder, 'before'))).mode);
});

test('bindApiSocket() refuses while another server answers', async (t) => {
  const socketPath = join(await createTemporaryFolder(t), 'daemon.sock');
  await bind(t, socketPath);
  await assert.rejects(bind(t, socketPath), { code: 'DAEMON_ALREADY_RUNNING' });
  assert.ok(await isReachable(socketPath), 'the first one still serves');
});

test('bindApiSocket() replaces the socket of a killed daemon', async (t) => {
  const socketPath = join(await createTemporaryFolder(t), 'daemon.sock');
  await leaveStaleSocket(socketPath);
  await bind(t, socketPath);
  assert.ok(await isReachable(socketPath));
});

test('of many daemons that start at once over a stale socket, one serves', async (t) => {
  const socketPath = join(await createTemporaryFolder(t), 'daemon.sock');
  await leaveStaleSocket(socketPath);
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => bind(t, socketPath)));
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.ok(await isReachable(socketPath));
});

test('a lock that a killed daemon left is broken', async (t) => {
  const socketPath = join(await createTemporaryFolder(t), 'daemon.sock');
  await writeFile(`${socketPath}.lock`, '');
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(`${socketPath}.lock`, longAgo, longAgo);
  await bind(t, socketPath);
  assert.ok(await isReachable(socketPath));
});

test('removing leaves the socket of a successor alone', async (t) => {
  const socketPath = join(await createTemporaryFolder(t), 'daemon.sock');
  const remove = await bind(t, socketPath);
  await rm(socketPath);
  const removeSuccessor = await bind(t, socketPath);
  await remove();
  assert.ok(await isReachable(socketPath));
  await removeSuccessor();
  await assert.rejects(stat(socketPath), { code: 'ENOENT' });
});

test('bindApiSocket() refuses a folder that others may write', async (t) => {
  const folder = join(await createTemporaryFolder(t), 'shared');
  await mkdir(folder);
  await chmod(folder, 0o770);
  await assert.rejects(bind(t, join(folder, 'daemon.sock')), { code: 'DAEMON_FOLDER_UNSAFE' });
});

test('bindApiSocket() refuses a path that the operating system would cut', async (t) => {
  const folder = await createTemporaryFolder(t);
  await assert.rejects(bind(t, join(folder, 'x'.repeat(100))), { code: 'SOCKET_PATH_TOO_LONG' });
});
