import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createError } from '../../../../src/errors/index.ts';
import { createCliRunner } from '../../../support/cli-runner.ts';

const client = { version: '0.0.0-dev', node: process.versions.node };

test('tp version shows both versions', async (t) => {
  const { tp } = await createCliRunner(t);
  assert.equal(
    (await tp('version')).stdout,
    `Client: 0.0.0-dev (Node ${process.versions.node})\nDaemon: 0.0.0-dev\n`,
  );
  assert.deepEqual(JSON.parse((await tp('version', '-o', 'json')).stdout), {
    client,
    daemon: { version: '0.0.0-dev', apiVersion: 1, pid: process.pid },
  });
});

test('tp version starts no daemon', async (t) => {
  const { tp } = await createCliRunner(t, null);
  assert.match((await tp('version')).stdout, /\nDaemon: not running\n$/);
  assert.deepEqual(JSON.parse((await tp('version', '-o', 'json')).stdout), { client, daemon: null });
});

test('tp version does not fail, whatever else does', async (t) => {
  const { tp, tpWith } = await createCliRunner(t, {
    status: () => Promise.reject(createError('INTERNAL', { reason: 'oops' })),
  });
  const failing = await tp('version', '--kubeconfig', '/nowhere', '--context', 'none');
  assert.equal(failing.exitCode, 0);
  assert.match(failing.stdout, /Daemon: Unexpected error, this is a bug: oops\n$/);
  const unusable = await tpWith({ environment: { TP_HOME: `/${'x'.repeat(200)}` } }, 'version');
  assert.equal(unusable.exitCode, 0);
});
