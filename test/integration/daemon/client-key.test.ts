import assert from 'node:assert/strict';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadClientKey } from '../../../src/daemon/client-key.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

test('the key is made once, for its owner only, and found again', async (t) => {
  const folder = await createTemporaryFolder(t);
  const file = join(folder, 'client.key');
  const key = await loadClientKey(file);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal(await loadClientKey(file), key);
  assert.deepEqual(await readdir(folder), ['client.key']);
});

test('what is no key is replaced', async (t) => {
  const file = join(await createTemporaryFolder(t), 'client.key');
  await writeFile(file, 'half a k');
  const key = await loadClientKey(file);
  assert.match(key, /BEGIN PRIVATE KEY/);
  assert.equal(await loadClientKey(file), key);
});
