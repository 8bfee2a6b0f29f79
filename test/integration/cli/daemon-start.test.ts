import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createCliSandbox, kill } from '../../support/cli-process.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

test('command lines that start at once start one daemon', async (t) => {
  const { tp, daemonPids } = await createCliSandbox(t);
  const runs = Array.from({ length: 4 }, () => tp('list'));
  for (const run of runs) assert.equal(await run.exit, 0, run.output);
  assert.equal((await daemonPids()).length, 1);
});

test('the daemon’s files are their owner’s only', async (t) => {
  const { tp, environment } = await createCliSandbox(t);
  assert.equal(await tp('list').exit, 0);
  const home = environment['TP_HOME'] ?? '';
  for (const [path, mode] of [
    ['', 0o700],
    ['daemon.sock', 0o600],
    ['daemon.log', 0o600],
  ] as const)
    assert.equal((await stat(join(home, path))).mode & 0o777, mode, path);
});

test('the daemon outlives the command, and another command finds it', async (t) => {
  const { tp, daemonPids } = await createCliSandbox(t);
  assert.equal(await tp('list').exit, 0);
  const status = tp('status', '-o', 'json');
  assert.equal(await status.exit, 0);
  assert.deepEqual([(JSON.parse(status.output) as { pid: number }).pid], await daemonPids());
});

test('the next command recovers from kill -9 of the daemon', async (t) => {
  const { tp, daemonPids } = await createCliSandbox(t);
  assert.equal(await tp('list').exit, 0);
  for (const pid of await daemonPids()) kill(pid);
  assert.equal(await tp('list').exit, 0);
  assert.equal((await daemonPids()).length, 2);
});

test('tp quit ends the daemon, and the next command starts another', async (t) => {
  const { tp, daemonPids } = await createCliSandbox(t);
  assert.equal(await tp('list').exit, 0);
  const quit = tp('quit');
  assert.equal(await quit.exit, 0);
  assert.match(quit.output, /The daemon has ended/);
  assert.equal(await tp('list').exit, 0);
  assert.equal((await daemonPids()).length, 2);
});

test('a daemon that cannot start is told with its last words', async (t) => {
  const program = join(await createTemporaryFolder(t), 'daemon.mjs');
  await writeFile(
    program,
    'console.log(JSON.stringify({ level: 60, msg: "no such module: tunnel" })); process.exit(3);',
  );
  const { tp, environment } = await createCliSandbox(t, { daemonProgram: program });
  const run = tp('list');
  assert.equal(await run.exit, 4);
  assert.match(
    run.output,
    /^tp: Cannot start the daemon: it ended with exit code 3: no such module: tunnel \[DAEMON_START_FAILED\]\n/,
  );
  assert.match(run.output, /Read its log: .*daemon\.log\n$/);
  const log = join(environment['TP_HOME'] ?? '', 'daemon.log');
  assert.match(await readFile(log, 'utf8'), /no such module/);
});

test('a log that has grown too large is put aside', async (t) => {
  const { tp, environment } = await createCliSandbox(t);
  assert.equal(await tp('list').exit, 0);
  assert.equal(await tp('quit').exit, 0);
  const log = join(environment['TP_HOME'] ?? '', 'daemon.log');
  await writeFile(log, Buffer.alloc(10 * 1024 * 1024 + 1));
  assert.equal(await tp('list').exit, 0);
  assert.ok((await stat(log)).size < 1000);
  assert.equal((await stat(`${log}.1`)).size, 10 * 1024 * 1024 + 1);
});

test('a folder whose path is too long for a socket is told before anything is started', async (t) => {
  const { start, folder } = await createCliSandbox(t);
  const main = fileURLToPath(new URL('../../../cli/main.js', import.meta.url));
  const run = start('env', `TP_HOME=${folder}/${'x'.repeat(100)}`, process.execPath, main, 'list');
  assert.equal(await run.exit, 3);
  assert.match(run.output, /SOCKET_PATH_TOO_LONG/);
});

test('tp does not fail when the reader of its output leaves', async (t) => {
  const { start } = await createCliSandbox(t);
  const main = fileURLToPath(new URL('../../../cli/main.js', import.meta.url));
  const run = start('bash', '--norc', '-o', 'pipefail', '-c', `'${process.execPath}' '${main}' help | true`);
  assert.equal(await run.exit, 0, run.output);
});
