import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { createCliRunner } from '../../../support/cli-runner.ts';
import { fakeWorkloads, workingOperations } from '../../../support/working-operations.ts';

test('tp list is a table', async (t) => {
  const { tp } = await createCliRunner(t, workingOperations);
  assert.equal(
    (await tp('list')).stdout,
    [
      'WORKLOAD     READY   SERVICES                     AGENT   INTERCEPTED BY',
      'deploy/web   1/2     web:80,443 web-headless:80   ready   bob@laptop (http): key bob; ada@laptop (http)',
      'sts/db       1/1     -                            none    -',
      '',
    ].join('\n'),
  );
});

test('tp list says so when there is nothing', async (t) => {
  const { tp } = await createCliRunner(t, { list: () => Promise.resolve({ result: [] }) });
  assert.equal((await tp('list')).stdout, 'No workloads in this namespace\n');
});

test('tp list prints the workloads for programs', async (t) => {
  const { tp } = await createCliRunner(t, workingOperations);
  assert.deepEqual(JSON.parse((await tp('list', '-o', 'json')).stdout), fakeWorkloads);
  assert.deepEqual(parse((await tp('list', '-o', 'yaml')).stdout), fakeWorkloads);
});
