import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openEnvironmentFiles } from '../../../../cli/environment/files.ts';
import { createTemporaryFolder } from '../../../support/temporary-folder.ts';

test('write() writes each file in its syntax and tells what is missing', async (t) => {
  const folder = await createTemporaryFolder(t);
  await using files = await openEnvironmentFiles(
    [
      { path: 'web.env', syntax: 'docker' },
      { path: 'web.json', syntax: 'json' },
      { path: undefined, syntax: 'sh' },
    ],
    folder,
  );
  assert.deepEqual(await files.write({ A: '1', KEY: 'two\nlines' }), [
    'KEY is not in web.env: a docker env file cannot hold line breaks',
  ]);
  assert.equal(await readFile(join(folder, 'web.env'), 'utf8'), 'A=1\n');
  assert.deepEqual(JSON.parse(await readFile(join(folder, 'web.json'), 'utf8')), {
    A: '1',
    KEY: 'two\nlines',
  });
});

test('files that were not written leave no trace, also when a later one cannot be opened', async (t) => {
  const folder = await createTemporaryFolder(t);
  {
    await using files = await openEnvironmentFiles([{ path: 'web.env', syntax: 'docker' }], folder);
    assert.equal(typeof files.write, 'function');
    assert.equal((await readdir(folder)).length, 1, 'it is there under another name');
  }
  const wanted = [
    { path: 'web.env', syntax: 'docker' },
    { path: 'missing/web.json', syntax: 'json' },
  ] as const;
  await assert.rejects(openEnvironmentFiles(wanted, folder), { code: 'FILE_NOT_WRITABLE' });
  assert.deepEqual(await readdir(folder), []);
});
