import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAbsoluteForm, parseAuthorityForm } from '../../../src/proxy-server/request-target.ts';

for (const [requestTarget, expected] of [
  ['http://shop/a?b=c', { address: { host: 'shop', port: 80 }, authority: 'shop', path: '/a?b=c' }],
  ['http://shop:8080/', { address: { host: 'shop', port: 8080 }, authority: 'shop:8080', path: '/' }],
  ['HTTP://shop', { address: { host: 'shop', port: 80 }, authority: 'shop', path: '/' }],
  ['http://shop?q', { address: { host: 'shop', port: 80 }, authority: 'shop', path: '/?q' }],
  ['http://[::1]:81/x', { address: { host: '::1', port: 81 }, authority: '[::1]:81', path: '/x' }],
  // Nothing of the path is changed.
  [
    'http://shop/a/../b//c%2f\\',
    { address: { host: 'shop', port: 80 }, authority: 'shop', path: '/a/../b//c%2f\\' },
  ],
  [
    'http://shop/http://other/',
    { address: { host: 'shop', port: 80 }, authority: 'shop', path: '/http://other/' },
  ],
] as const) {
  test(`parseAbsoluteForm() reads ${requestTarget}`, () => {
    assert.deepEqual(parseAbsoluteForm('GET', requestTarget), expected);
  });
}

test('parseAbsoluteForm() makes OPTIONS without a path the asterisk-form (RFC 9112 §3.2.4)', () => {
  assert.equal(parseAbsoluteForm('OPTIONS', 'http://shop').path, '*');
  assert.equal(parseAbsoluteForm('OPTIONS', 'http://shop/').path, '/');
});

for (const requestTarget of [
  '/',
  '*',
  'shop:80',
  'https://shop/',
  'ftp://shop/',
  'http:///path',
  'http://me:secret@shop/',
  'http://shop@evil/',
  'http://shop/#fragment',
  'http://shop:0/',
  'http://shop:x/',
  'http://shop:80:80/',
  'http://sh op/',
  'http://sh\\op/',
  'http://%73hop/',
  'http://[::1/',
]) {
  test(`parseAbsoluteForm() refuses ${requestTarget}`, () => {
    assert.throws(() => parseAbsoluteForm('GET', requestTarget), { code: 'PROXY_REQUEST_INVALID' });
  });
}

test('parseAuthorityForm() reads host and port', () => {
  assert.deepEqual(parseAuthorityForm('shop:443'), { host: 'shop', port: 443 });
  assert.deepEqual(parseAuthorityForm('[::1]:443'), { host: '::1', port: 443 });
});

for (const requestTarget of ['shop', 'http://shop/', 'shop:', ':443', 'me@shop:443', '::1:443']) {
  test(`parseAuthorityForm() refuses ${requestTarget}`, () => {
    assert.throws(() => parseAuthorityForm(requestTarget), { code: 'PROXY_REQUEST_INVALID' });
  });
}
