import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createError } from '../../../src/errors/index.ts';
import { formatFailure, formatHead, toFailure } from '../../../src/proxy-server/http-failure.ts';

const target = 'shop:80';
for (const [error, status] of [
  [createError('PROXY_REQUEST_INVALID', { reason: 'x' }), 400],
  [createError('NET_DENIED', { target, reason: 'x' }), 403],
  [createError('PROXY_AUTHENTICATION_FAILED', {}), 407],
  [createError('NET_REFUSED', { target }), 502],
  [createError('NET_RESET', { target }), 502],
  [createError('NET_UNREACHABLE', { target, reason: 'x' }), 502],
  [createError('NET_NAME_NOT_FOUND', { name: 'shop' }), 502],
  [createError('NET_FAILED', { target, reason: 'x' }), 502],
  [createError('NET_TIMEOUT', { target, seconds: 10 }), 504],
  [createError('TUNNEL_LOST', { reason: 'x' }), 503],
  [createError('TUNNEL_UNAVAILABLE', {}), 503],
  [createError('MUX_CLOSED', { reason: 'x' }), 503],
  [createError('MUX_STREAM_LIMIT', { limit: 1 }), 503],
  [createError('AGENT_UNREACHABLE', { pod: 'x', reason: 'x' }), 503],
] as const) {
  test(`toFailure() gives ${error.code} the status ${String(status)} and its message`, () => {
    const failure = toFailure(error);
    assert.equal(failure.status, status);
    assert.equal(failure.body, `${error.message}\n`);
    assert.equal(failure.fields[failure.fields.indexOf('X-Tp-Error') + 1], error.code);
  });
}

test('toFailure() asks for credentials with 407', () => {
  const { fields } = toFailure(createError('PROXY_AUTHENTICATION_FAILED', {}));
  assert.deepEqual(fields.slice(0, 2), ['Proxy-Authenticate', 'Basic realm="tp"']);
});

test('toFailure() calls what nobody expected a bad gateway', () => {
  assert.equal(toFailure(new Error('odd')).status, 502);
});

test('formatFailure() is a whole response that ends the connection', () => {
  assert.equal(
    formatFailure(createError('NET_REFUSED', { target })),
    'HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 30\r\n' +
      'X-Tp-Error: NET_REFUSED\r\nConnection: close\r\n\r\nConnection to shop:80 refused\n',
  );
});

test('formatHead() knows the reason phrases, and leaves it empty for other statuses', () => {
  assert.equal(formatHead(103, ['Link', '</a>']), 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
  assert.equal(formatHead(299, []), 'HTTP/1.1 299 \r\n\r\n');
});
