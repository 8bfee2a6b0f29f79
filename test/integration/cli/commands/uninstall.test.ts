import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UninstallRequest } from '../../../../src/contract/index.ts';
import { createCliRunner } from '../../../support/cli-runner.ts';

test('tp uninstall tells what was undone', async (t) => {
  const removed = ['deploy/web', 'svc/web', 'secret/tp-ca'];
  const { tp } = await createCliRunner(t, { uninstall: () => Promise.resolve({ result: { removed } }) });
  assert.equal(
    (await tp('uninstall', '--all')).stdout,
    'Undone: deploy/web\nUndone: svc/web\nUndone: secret/tp-ca\n',
  );
  assert.deepEqual(JSON.parse((await tp('uninstall', '--all', '-o', 'json')).stdout), { removed });
});

test('tp uninstall asks for one workload, or for all, and passes the consent on', async (t) => {
  let asked: UninstallRequest | undefined;
  const { tp } = await createCliRunner(t, {
    uninstall: (request) => {
      asked = request;
      return Promise.resolve({ result: { removed: [] } });
    },
  });
  assert.equal((await tp('uninstall', 'web', '--yes')).stdout, 'Nothing of tp found\n');
  assert.deepEqual([asked?.name, asked?.confirmed, asked?.timeoutSeconds], ['web', true, 300]);
  await tp('uninstall', '--all', '--timeout', '10s');
  assert.deepEqual([asked?.name, asked?.confirmed, asked?.timeoutSeconds], [undefined, false, 10]);
});
