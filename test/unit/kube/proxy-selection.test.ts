import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isToolError } from '../../../src/errors/index.ts';
import { hostOf, portOf, selectProxy } from '../../../src/kube/proxy-selection.ts';

const server = new URL('https://api.cluster.example:6443');

/** The host of the proxy that the environment gives for `url`. */
function chosen(url: string, environment: NodeJS.ProcessEnv): string | undefined {
  return selectProxy(new URL(url), undefined, environment)?.host;
}

test('proxy-url wins over the environment and over NO_PROXY', () => {
  const environment = { HTTPS_PROXY: 'http://other:1', NO_PROXY: '*' };
  assert.deepEqual(selectProxy(server, 'http://proxy:3128', environment), {
    kind: 'http',
    host: 'proxy',
    port: 3128,
    credentials: undefined,
  });
});

test('every scheme, with its default port and credentials', () => {
  const select = (url: string): unknown => {
    const { kind, host, port, credentials } = selectProxy(server, url, {}) ?? {};
    return [kind, host, port, credentials];
  };
  assert.deepEqual(select('http://p'), ['http', 'p', 80, undefined]);
  assert.deepEqual(select('https://p'), ['https', 'p', 443, undefined]);
  assert.deepEqual(select('socks5://p'), ['socks5', 'p', 1080, undefined]);
  assert.deepEqual(select('socks5h://[::1]:9'), ['socks5', '::1', 9, undefined]);
  assert.deepEqual(select('http://ann:p%40ss@p:8'), ['http', 'p', 8, { username: 'ann', password: 'p@ss' }]);
  assert.deepEqual(select('p:3128'), ['http', 'p', 3128, undefined]);
});

test('a proxy that cannot be used is refused without its password', () => {
  for (const url of ['ftp://ann:secret@p', 'http://', 'http://ann:secret@']) {
    assert.throws(
      () => selectProxy(server, url, {}),
      (error) => isToolError(error, 'KUBECONFIG_INVALID') && !error.message.includes('secret'),
    );
  }
});

test('the variable depends on the scheme of the server, capitals first', () => {
  const environment = { HTTPS_PROXY: 'http://s:1', https_proxy: 'http://lower:1', HTTP_PROXY: 'http://h:1' };
  assert.equal(chosen('https://api.example', environment), 's');
  assert.equal(chosen('http://api.example', environment), 'h');
  assert.equal(chosen('https://api.example', { https_proxy: 'http://lower:1' }), 'lower');
  assert.equal(chosen('https://api.example', { HTTP_PROXY: 'http://h:1', HTTPS_PROXY: '' }), undefined);
});

test('this machine is never behind a proxy of the environment', () => {
  for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]']) {
    assert.equal(chosen(`https://${host}:6443`, { HTTPS_PROXY: 'http://p:1' }), undefined);
  }
});

test('NO_PROXY excludes as in Go', () => {
  const cases: [string, string, boolean][] = [
    ['*', 'https://api.example', true],
    ['example', 'https://api.example', true],
    ['api.example', 'https://api.example', true],
    ['.example', 'https://api.example', true],
    ['*.example', 'https://api.example', true],
    ['.api.example', 'https://api.example', false],
    ['pi.example', 'https://api.example', false],
    ['other, API.Example ', 'https://api.example', true],
    ['api.example:443', 'https://api.example', true],
    ['api.example:6443', 'https://api.example', false],
    ['10.0.0.0/8', 'https://10.1.2.3', true],
    ['10.0.0.0/8', 'https://11.1.2.3', false],
    ['10.0.0.0/33', 'https://10.1.2.3', false],
    ['10.0.0.0/8', 'https://api.example', false],
    ['fd00::/8', 'https://[fd00::1]', true],
    ['10.1.2.3', 'https://10.1.2.3', true],
    ['10.1.2.3:6443', 'https://10.1.2.3:6443', true],
    ['[fd00::1]:443', 'https://[fd00::1]', true],
    ['3', 'https://10.1.2.3', false],
    ['', 'https://api.example', false],
  ];
  for (const [NO_PROXY, url, isExcluded] of cases) {
    const host = chosen(url, { HTTPS_PROXY: 'http://p:1', NO_PROXY });
    assert.equal(host, isExcluded ? undefined : 'p', `${NO_PROXY} for ${url}`);
  }
});

test('hostOf() and portOf()', () => {
  assert.equal(hostOf(new URL('https://[fd00::1]:6443')), 'fd00::1');
  assert.equal(portOf(new URL('https://a:6443')), 6443);
  assert.equal(portOf(new URL('https://a')), 443);
  assert.equal(portOf(new URL('http://a')), 80);
});
