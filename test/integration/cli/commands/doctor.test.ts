import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { createCliRunner } from '../../../support/cli-runner.ts';
import { fakeReport, workingOperations } from '../../../support/working-operations.ts';

test('tp doctor tells which way would be chosen, which are impossible and why, and what is missing', async (t) => {
  const { tp } = await createCliRunner(t, workingOperations);
  assert.equal(
    (await tp('doctor', 'web')).stdout,
    [
      'svc/web is deploy/web, Kubernetes v1.36.0',
      '',
      'Port web:80',
      'CHOICE       ATTACH    REDIRECT    RESTART   PRIVILEGE   COVERS        REASON',
      'chosen       sidecar   port-name   once      none        the Service   the Service names its target port',
      'impossible   sidecar   nftables    once      NET_ADMIN   all callers   Pod Security refuses it',
      '',
      'Missing rights',
      'VERB   RESOURCE   NAMESPACE   NEEDED TO',
      'get    pods/log   shop        read logs',
      '',
      'tp: restricted namespace',
      '    use port-name',
      '',
    ].join('\n'),
  );
});

test('tp doctor prints the report for programs', async (t) => {
  const { tp } = await createCliRunner(t, workingOperations);
  assert.deepEqual(JSON.parse((await tp('doctor', 'web', '-o', 'json')).stdout), fakeReport);
  assert.deepEqual(parse((await tp('doctor', 'web', '-o', 'yaml')).stdout), fakeReport);
});
