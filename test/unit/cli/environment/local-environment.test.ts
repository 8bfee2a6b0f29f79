import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addedEnvironment,
  childEnvironment,
  machineVariables,
} from '../../../../cli/environment/local-environment.ts';

const proxy = { host: '127.0.0.1', port: 1080 };

test('addedEnvironment() has the container’s variables, the proxy and the intercept', () => {
  const added = addedEnvironment({ container: { DATABASE: 'db:5432' }, proxy, intercept: 'web' });
  assert.equal(added['DATABASE'], 'db:5432');
  assert.equal(added['ALL_PROXY'], 'socks5h://127.0.0.1:1080');
  assert.equal(added['TP_INTERCEPT'], 'web');
  assert.equal(added['TP_PROXY'], '127.0.0.1:1080');
});

test('addedEnvironment() takes nothing from the container that describes the machine', () => {
  const container = Object.fromEntries([...machineVariables, 'Path'].map((name) => [name, 'wrong']));
  const added = addedEnvironment({ container, proxy });
  assert.deepEqual(
    Object.values(added).filter((value) => value === 'wrong'),
    [],
  );
  assert.equal(added['TP_INTERCEPT'], undefined);
});

test('addedEnvironment() leads through our proxy, whatever proxy the container had', () => {
  const added = addedEnvironment({ container: { HTTP_PROXY: 'http://corp:3128', NO_PROXY: '.svc' }, proxy });
  assert.equal(added['HTTP_PROXY'], 'http://127.0.0.1:1080');
  assert.equal(added['NO_PROXY'], 'localhost,127.0.0.1,::1');
});

test('childEnvironment() lays what was added over the caller’s', () => {
  assert.deepEqual(childEnvironment({ PATH: '/bin', MODE: 'laptop', GONE: undefined }, { MODE: 'cluster' }), {
    PATH: '/bin',
    MODE: 'cluster',
  });
});

test('childEnvironment() keeps the caller’s NODE_OPTIONS, through which a debugger attaches', () => {
  const added = { NODE_OPTIONS: '--max-old-space-size=64' };
  assert.equal(childEnvironment({ NODE_OPTIONS: '--inspect' }, added)['NODE_OPTIONS'], '--inspect');
  assert.equal(childEnvironment({}, added)['NODE_OPTIONS'], '--max-old-space-size=64');
});
