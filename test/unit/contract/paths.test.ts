import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertSocketPath, daemonPaths, SOCKET_PATH_LIMIT_BYTES } from '../../../src/contract/index.ts';

test('daemonPaths() takes TP_HOME, else the XDG state folder, else the one in the home', () => {
  const all = { TP_HOME: '/tp', XDG_STATE_HOME: '/state', HOME: '/home/ada' };
  assert.deepEqual(daemonPaths(all), {
    directory: '/tp',
    socket: '/tp/daemon.sock',
    logFile: '/tp/daemon.log',
    recoveryDirectory: '/tp/recovery',
    clientKeyFile: '/tp/client.key',
  });
  assert.equal(daemonPaths({ ...all, TP_HOME: undefined }).directory, '/state/tp');
  assert.equal(daemonPaths({ HOME: '/home/ada' }).directory, '/home/ada/.local/state/tp');
});

test('daemonPaths() takes empty variables and a relative XDG_STATE_HOME for unset', () => {
  const environment = { TP_HOME: '', XDG_STATE_HOME: 'state', HOME: '/home/ada' };
  assert.equal(daemonPaths(environment).directory, '/home/ada/.local/state/tp');
});

test('assertSocketPath() counts bytes, as the operating system does', () => {
  assertSocketPath('ä'.repeat(SOCKET_PATH_LIMIT_BYTES / 2));
  assert.throws(() => assertSocketPath(`${'ä'.repeat(SOCKET_PATH_LIMIT_BYTES / 2)}x/`), {
    code: 'SOCKET_PATH_TOO_LONG',
  });
});
