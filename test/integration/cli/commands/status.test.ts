import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionStatus } from '../../../../src/contract/index.ts';
import { createCliRunner } from '../../../support/cli-runner.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { fakeConnection, fakeIntercept } from '../../../support/fake-connection.ts';
import { createFakeStatus } from '../../../support/fake-operations.ts';
import { workingOperations } from '../../../support/working-operations.ts';

test('tp status shows connections, intercepts, counts and the daemon', async (t) => {
  const { tpWith } = await createCliRunner(t, workingOperations);
  const clock = createFakeClock({ epochMs: Date.parse('2026-01-01T02:00:00Z') });
  assert.equal(
    (await tpWith({ clock }, 'status')).stdout,
    [
      'Connected to staging, namespace shop, since 2h',
      '  server:  https://10.0.0.1:6443',
      '  through: pod/tp-gateway',
      '  proxy:   127.0.0.1:41080 (SOCKS5 and HTTP)',
      '  forward: 127.0.0.1:5432 -> db:5432',
      '',
      'INTERCEPT   WORKLOAD     TRAFFIC   LOCAL            REDIRECT    PODS   OPEN   TOTAL   FALLBACKS   AGE   REQUESTS',
      'web         deploy/web   web:80    127.0.0.1:8080   port-name   1/1    2      57      1           2h    all',
      '',
      `Daemon 0.0.0-dev, process ${process.pid}, log /nowhere/daemon.log`,
      '',
    ].join('\n'),
  );
});

test('tp status shows warnings with their remedy, and pods that others hold', async (t) => {
  const connection: ConnectionStatus = {
    ...fakeConnection,
    state: 'reconnecting',
    warnings: [{ code: 'TUNNEL_LOST', message: 'the tunnel is slow', remedy: 'wait' }],
    intercepts: [
      {
        ...fakeIntercept,
        pods: [
          { name: 'web-1', state: 'held', holder: 'ada@laptop' },
          { name: 'web-2', state: 'connecting' },
        ],
      },
    ],
  };
  const { tp } = await createCliRunner(t, {
    status: () => Promise.resolve({ result: createFakeStatus({ connections: [connection] }) }),
  });
  const { stdout } = await tp('status');
  assert.match(stdout, /^Reconnecting to staging/);
  assert.match(stdout, /web: pod web-1 is held by ada@laptop, its traffic stays in the cluster\n/);
  assert.match(stdout, /web: pod web-2 is not connected yet, its traffic stays in the cluster\n/);
  assert.match(stdout, /tp: the tunnel is slow\n {4}wait\n/);
});

test('tp status names the container’s port where no Service leads to it, and UDP', async (t) => {
  const ports = fakeIntercept.ports.map((port) => ({ ...port, protocol: 'UDP' as const, services: [] }));
  const { tp } = await createCliRunner(t, {
    status: () =>
      Promise.resolve({
        result: createFakeStatus({
          connections: [{ ...fakeConnection, intercepts: [{ ...fakeIntercept, ports }] }],
        }),
      }),
  });
  assert.match((await tp('status')).stdout, / app:80\/UDP /);
});

test('tp status of a daemon without connections', async (t) => {
  const { tp } = await createCliRunner(t);
  assert.match((await tp('status')).stdout, /^Not connected\n\nDaemon /);
  const printed = JSON.parse((await tp('status', '-o', 'json')).stdout) as Record<string, unknown>;
  assert.deepEqual(printed, { running: true, ...createFakeStatus() });
});

test('tp status starts no daemon', async (t) => {
  const { tp } = await createCliRunner(t, null);
  assert.deepEqual(await tp('status'), {
    exitCode: 0,
    stdout: 'Not connected: no daemon runs\n',
    stderr: '',
  });
  assert.deepEqual(JSON.parse((await tp('status', '-o', 'json')).stdout), {
    running: false,
    connections: [],
  });
});
