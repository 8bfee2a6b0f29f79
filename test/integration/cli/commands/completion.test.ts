import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ConnectionSelector } from '../../../../src/contract/index.ts';
import { createCliRunner } from '../../../support/cli-runner.ts';
import { fakeConnection, fakeIntercept } from '../../../support/fake-connection.ts';
import { createFakeStatus } from '../../../support/fake-operations.ts';

const connected = {
  status: () =>
    Promise.resolve({
      result: createFakeStatus({ connections: [{ ...fakeConnection, intercepts: [fakeIntercept] }] }),
    }),
};

test('names of services and workloads come from the daemon, for the namespace that is named', async (t) => {
  let asked: ConnectionSelector | undefined;
  const { tp } = await createCliRunner(t, {
    ...connected,
    list: ({ connection }) => {
      asked = connection;
      const services = [{ name: 'web', ports: ['80'] }];
      return Promise.resolve({
        result: [
          {
            workload: 'deploy/web',
            replicas: { ready: 1, wanted: 1 },
            services,
            agent: 'none',
            interceptedBy: [],
          },
        ],
      });
    },
  });
  const { stdout } = await tp('__complete', '--', 'intercept', '-n', 'shop', '');
  assert.equal(stdout, 'web\tService of deploy/web\ndeploy/web\tworkload\n');
  assert.equal(asked?.namespace, 'shop');
  assert.equal((await tp('__complete', '--', 'doctor', 'svc/')).stdout, 'svc/web\tService of deploy/web\n');
  assert.equal((await tp('__complete', '--', 'doctor', 'dep')).stdout, 'deploy/web\tworkload\n');
});

test('names of intercepts come from the daemon', async (t) => {
  const { tp } = await createCliRunner(t, connected);
  assert.equal((await tp('__complete', '--', 'leave', 'w')).stdout, 'web\tdeploy/web\n');
});

test('without a connection, with a failing daemon, and without a daemon there are no names', async (t) => {
  for (const handlers of [{}, connected, null]) {
    const { tp } = await createCliRunner(t, handlers);
    assert.deepEqual(await tp('__complete', '--', 'intercept', ''), { exitCode: 0, stdout: '', stderr: '' });
  }
});

test('names of contexts come from the kubeconfig files', async (t) => {
  const { tp, tpWith, folder } = await createCliRunner(t, null);
  await writeFile(join(folder, 'a'), 'contexts: [{name: staging}, {name: production}]');
  await writeFile(join(folder, 'b'), 'contexts: [{name: staging-2}]');
  const environment = { KUBECONFIG: 'a:b:missing', TP_HOME: folder };
  const { stdout } = await tpWith({ environment }, '__complete', '--', '--context', 'st');
  assert.equal(stdout, 'staging\tcontext\nstaging-2\tcontext\n');
  const named = await tp('__complete', '--', '--kubeconfig', 'b', 'list', '--context', '');
  assert.equal(named.stdout, 'staging-2\tcontext\n');
});

test('a kubeconfig that cannot be read is no reason to fail', async (t) => {
  const { tp, folder } = await createCliRunner(t, null);
  await writeFile(join(folder, 'broken'), '{');
  assert.deepEqual(await tp('__complete', '--', '--kubeconfig', 'broken', '--context', ''), {
    exitCode: 0,
    stdout: '',
    stderr: '',
  });
});

test('files are left to the shell', async (t) => {
  const { tp } = await createCliRunner(t, null);
  assert.equal((await tp('__complete', '--', 'intercept', 'web', '--env-file', '')).stdout, ':files\n');
});

test('tp completion prints the script', async (t) => {
  const { tp } = await createCliRunner(t, null);
  assert.match((await tp('completion', 'bash')).stdout, /^# bash completion for tp\n/);
  assert.deepEqual(Object.keys(JSON.parse((await tp('completion', 'zsh', '-o', 'json')).stdout) as object), [
    'shell',
    'script',
  ]);
  assert.equal((await tp('completion', 'tcsh')).exitCode, 2);
});
