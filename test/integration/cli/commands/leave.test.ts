import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCliRunner } from '../../../support/cli-runner.ts';

test('tp leave tells what goes on to its end', async (t) => {
  for (const [openConnections, text] of [
    [0, 'Left web\n'],
    [1, 'Left web; 1 connection goes on at the local process to the end\n'],
    [2, 'Left web; 2 connections go on at the local process to the end\n'],
  ] as const) {
    const { tp } = await createCliRunner(t, {
      leave: ({ name }) => Promise.resolve({ result: { name, openConnections } }),
    });
    assert.equal((await tp('leave', 'web')).stdout, text);
    assert.deepEqual(JSON.parse((await tp('leave', 'web', '-o', 'json')).stdout), {
      name: 'web',
      openConnections,
    });
  }
});
