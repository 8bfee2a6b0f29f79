import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertSandboxName, sandboxPaths } from '../../../src/contract/index.ts';
import { raises } from '../../support/assert-raises.ts';

test('sandboxPaths() keeps everything of a sandbox in one folder', () => {
  const { directory, ...files } = sandboxPaths('/state/tp', 'two');
  assert.equal(directory, '/state/tp/sandboxes/two');
  for (const file of Object.values(files)) assert.ok(file.startsWith(`${directory}/`));
});

test('assertSandboxName() takes what can be a name of a folder and of a context', () => {
  assertSandboxName('default');
  assertSandboxName('a-2');
  for (const name of ['', 'A', '-a', 'a/b', '..', 'a'.repeat(33)])
    assert.throws(() => assertSandboxName(name), raises('USAGE_INVALID_OPTION'));
});
