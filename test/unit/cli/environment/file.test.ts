import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { openEnvironmentFile } from '../../../../cli/environment/file.ts';
import { createTemporaryFolder } from '../../../support/temporary-folder.ts';

test('a committed file has its text and is its owner’s only, also where it was open before', async (t) => {
  const folder = await createTemporaryFolder(t);
  for (const isOld of [false, true]) {
    const path = join(folder, String(isOld));
    if (isOld) await writeFile(path, 'old', { mode: 0o644 });
    const file = await openEnvironmentFile(String(isOld), folder);
    await file.commit('A=1\n');
    await file.discard();
    assert.equal(await readFile(path, 'utf8'), 'A=1\n');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  }
  assert.deepEqual((await readdir(folder)).sort(), ['false', 'true'], 'no temporary file is left');
});

test('a discarded file leaves no trace, and an old one as it was', async (t) => {
  const folder = await createTemporaryFolder(t);
  await writeFile(join(folder, 'old'), 'old');
  for (const path of ['new', 'old']) {
    const file = await openEnvironmentFile(path, folder);
    await file.discard();
    await file.discard();
  }
  assert.deepEqual(await readdir(folder), ['old']);
  assert.equal(await readFile(join(folder, 'old'), 'utf8'), 'old');
});

test('a path that cannot be written fails when it is opened', async (t) => {
  const folder = await createTemporaryFolder(t);
  await mkdir(join(folder, 'sub'));
  for (const path of ['missing/env', 'sub', 'sub/'])
    await assert.rejects(openEnvironmentFile(path, folder), { code: 'FILE_NOT_WRITABLE' });
  assert.deepEqual(await readdir(folder), ['sub']);
});

test(
  'a file that may not be written fails when it is opened',
  { skip: process.getuid?.() === 0 ? 'root may write everything' : false },
  async (t) => {
    const folder = await createTemporaryFolder(t);
    await writeFile(join(folder, 'env'), '');
    await chmod(join(folder, 'env'), 0o400);
    await assert.rejects(openEnvironmentFile('env', folder), { code: 'FILE_NOT_WRITABLE' });
  },
);

test('a symbolic link stays one', async (t) => {
  const folder = await createTemporaryFolder(t);
  await writeFile(join(folder, 'target'), 'old');
  await symlink('target', join(folder, 'link'));
  await (await openEnvironmentFile('link', folder)).commit('A=1\n');
  assert.ok((await lstat(join(folder, 'link'))).isSymbolicLink());
  assert.equal(await readFile(join(folder, 'target'), 'utf8'), 'A=1\n');
});

test('a pipe is written to as it is', async (t) => {
  const folder = await createTemporaryFolder(t);
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  const reader = spawn('cat', [join(folder, 'pipe')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const received = text(reader.stdout);
  const file = await openEnvironmentFile('pipe', folder);
  await file.commit('A=1\n');
  await once(reader, 'exit');
  assert.equal(await received, 'A=1\n');
});
