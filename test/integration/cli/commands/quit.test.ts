import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { QuitRequest } from '../../../../src/contract/index.ts';
import { nullLogger } from '../../../../src/core/index.ts';
import { startApiServer, type ApiServer } from '../../../../src/daemon/api-server.ts';
import { createCliRunner } from '../../../support/cli-runner.ts';
import { createFakeOperations } from '../../../support/fake-operations.ts';

const ended = ['staging/shop'];

test('tp quit ends everything, and waits until the daemon is gone', async (t) => {
  const { tp, folder } = await createCliRunner(t, null);
  let asked: QuitRequest | undefined;
  let server: ApiServer | undefined;
  const start = async (): Promise<void> => {
    server = await startApiServer({
      socketPath: join(folder, 'daemon.sock'),
      operations: createFakeOperations({
        quit: (request) => {
          asked = request;
          // As a daemon does: the answer first, the end somewhat later.
          setTimeout(() => void server?.close(), 50);
          return Promise.resolve({ result: { ended } });
        },
      }),
      logger: nullLogger,
    });
  };
  await start();
  assert.equal((await tp('quit')).stdout, 'Ended staging/shop\nThe daemon has ended\n');
  assert.deepEqual(asked, {});
  await start();
  assert.deepEqual(JSON.parse((await tp('quit', '-o', 'json')).stdout), { ended });
});

test('tp quit ends the connection that is named, and only that', async (t) => {
  let asked: QuitRequest | undefined;
  const { tp } = await createCliRunner(t, {
    quit: (request) => {
      asked = request;
      return Promise.resolve({ result: { ended } });
    },
  });
  for (const words of [
    ['-n', 'shop'],
    ['--context', 'staging'],
    ['--kubeconfig', 'a'],
  ]) {
    assert.equal((await tp('quit', ...words)).stdout, 'Ended staging/shop\n');
    assert.ok(asked?.connection !== undefined);
  }
});

test('tp quit has nothing to do without a daemon', async (t) => {
  const { tp } = await createCliRunner(t, null);
  assert.deepEqual(await tp('quit'), { exitCode: 0, stdout: 'Nothing to end: no daemon runs\n', stderr: '' });
  assert.deepEqual(JSON.parse((await tp('quit', '-o', 'json')).stdout), { ended: [] });
});
