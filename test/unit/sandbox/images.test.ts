import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createImages, repositoryOf } from '../../../src/sandbox/images.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

test('repositoryOf() drops registry, tag and digest', () => {
  assert.equal(repositoryOf('docker.io/tp/agent:dev'), 'tp/agent');
  assert.equal(repositoryOf('localhost:5000/a/b:1@sha256:00'), 'a/b');
  assert.equal(repositoryOf('ghcr.io/tp-intercept/agent:0.1.0'), 'tp-intercept/agent');
  assert.equal(repositoryOf('busybox'), 'busybox');
});

test('createImages() knows its own images, what was loaded since, and nothing else', async (t) => {
  const loadedPath = join(await createTemporaryFolder(t), 'images.json');
  const images = createImages({ loadedPath, programs: '/programs' });
  assert.deepEqual(images.find('ghcr.io/tp-intercept/agent:0.1.0')?.entrypoint.slice(1), [
    '/programs/agent.mjs',
  ]);
  assert.equal(images.find('my/app:2'), undefined);
  const loaded = { 'my/app': { command: ['node', 'server.js'], directory: '/project/app' } };
  await writeFile(loadedPath, JSON.stringify(loaded));
  const found = images.find('registry.example/my/app:2');
  assert.deepEqual(found?.entrypoint, ['node', 'server.js']);
  assert.equal(found.workingDir, '/project/app');
  assert.match(found.id, /^sha256:[0-9a-f]{64}$/);
});

test('createImages() lets a loaded image without command run what its containers say', async (t) => {
  const loadedPath = join(await createTemporaryFolder(t), 'images.json');
  await writeFile(loadedPath, JSON.stringify({ tools: { command: [], directory: '/' } }));
  const found = createImages({ loadedPath, programs: '/programs' }).find('tools');
  assert.deepEqual([found?.entrypoint, found?.args], [[], ['sh']]);
});
