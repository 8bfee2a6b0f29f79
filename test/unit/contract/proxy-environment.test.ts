import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proxyEnvironment } from '../../../src/contract/index.ts';

test('proxyEnvironment() sets both spellings of each variable', () => {
  const variables = proxyEnvironment({ host: '127.0.0.1', port: 1080 });
  assert.equal(variables['HTTP_PROXY'], 'http://127.0.0.1:1080');
  assert.equal(variables['ALL_PROXY'], 'socks5h://127.0.0.1:1080');
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'])
    assert.equal(variables[name.toLowerCase()], variables[name]);
});

test('proxyEnvironment() keeps the laptop itself off the proxy', () => {
  assert.equal(proxyEnvironment({ host: '127.0.0.1', port: 1080 })['NO_PROXY'], 'localhost,127.0.0.1,::1');
});

test('proxyEnvironment() writes IPv6 addresses in brackets', () => {
  assert.equal(proxyEnvironment({ host: '::1', port: 1080 })['https_proxy'], 'http://[::1]:1080');
});
