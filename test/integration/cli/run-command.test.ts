import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCliRunner } from '../../support/cli-runner.ts';
import { workingOperations } from '../../support/working-operations.ts';

test('tp run without a command is refused', async (t) => {
  const { tp } = await createCliRunner(t, workingOperations);
  const { exitCode, stderr } = await tp('run');
  assert.equal(exitCode, 2);
  assert.match(stderr, /needs a command/);
});

test('tp run falls back to the proxy, and says why', async (t) => {
  const { tp } = await createCliRunner(t, workingOperations);
  // The runner's daemon program is nowhere, and so is the launcher beside it.
  const { exitCode, stderr } = await tp('run', '--', 'sh', '-c', 'test -n "$TP_PROXY" && exit 7');
  assert.match(stderr, /Mode: proxy.*ENOENT/);
  assert.equal(exitCode, 7);
});
