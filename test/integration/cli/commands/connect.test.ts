import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { ConnectRequest } from '../../../../src/contract/index.ts';
import { createCliRunner } from '../../../support/cli-runner.ts';
import { fakeConnection } from '../../../support/fake-connection.ts';
import { workingOperations } from '../../../support/working-operations.ts';

test('tp connect tells where the proxy listens, and what next', async (t) => {
  const { tp } = await createCliRunner(t, workingOperations);
  const { exitCode, stdout, stderr } = await tp('connect');
  assert.deepEqual([exitCode, stderr], [0, '']);
  assert.equal(
    stdout,
    [
      'Connected to staging, namespace shop',
      '  server:  https://10.0.0.1:6443',
      '  through: pod/tp-gateway',
      '  proxy:   127.0.0.1:41080 (SOCKS5 and HTTP)',
      '  forward: 127.0.0.1:5432 -> db:5432',
      'Next: tp list, or tp intercept NAME --port LOCAL. End it with: tp quit',
      '',
    ].join('\n'),
  );
});

test('tp connect prints the connection for programs', async (t) => {
  const { tp } = await createCliRunner(t, workingOperations);
  assert.deepEqual(JSON.parse((await tp('connect', '-o', 'json')).stdout), fakeConnection);
  assert.deepEqual(parse((await tp('connect', '-o', 'yaml')).stdout), fakeConnection);
});

test('tp connect asks for what the options say', async (t) => {
  let asked: ConnectRequest | undefined;
  const { tpWith, folder } = await createCliRunner(t, {
    connect: (request) => {
      asked = request;
      return Promise.resolve({ result: fakeConnection });
    },
  });
  const environment = { TP_HOME: folder, TP_AGENT_IMAGE: 'registry/agent:1' };
  const words =
    'connect --forward 0:db:5432 --timeout 90s --context staging -n shop --kubeconfig a --kubeconfig b';
  await tpWith({ environment }, ...words.split(' '));
  const forward = { address: '127.0.0.1', localPort: 0, host: 'db', port: 5432 };
  assert.deepEqual(asked, {
    connection: {
      context: 'staging',
      namespace: 'shop',
      kubeconfig: ['a', 'b'],
      environment,
      workingDirectory: folder,
    },
    forwards: [forward],
    agentImage: 'registry/agent:1',
    timeoutSeconds: 90,
    hold: false,
  });
  await tpWith({ environment: { ...environment, TP_AGENT_IMAGE: '' } }, 'connect');
  assert.equal(asked.agentImage, undefined);
});

test('warnings of a connection are told on stderr, or stand in the object', async (t) => {
  const warnings = [{ code: 'TUNNEL_LOST', message: 'careful', remedy: 'do this' }];
  const { tp } = await createCliRunner(t, {
    connect: () => Promise.resolve({ result: { ...fakeConnection, warnings } }),
  });
  assert.equal((await tp('connect')).stderr, 'tp: careful\n    do this\n');
  assert.equal((await tp('connect', '-o', 'json')).stderr, '');
});
