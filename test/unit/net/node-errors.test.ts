import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createError } from '../../../src/errors/index.ts';
import { toListenError, toNetError } from '../../../src/net/index.ts';

const context = { target: { host: 'shop', port: 80 }, seconds: 10 };

function nodeError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`connect ${code}`), { code });
}

for (const [nodeCode, code, message] of [
  ['ECONNREFUSED', 'NET_REFUSED', 'Connection to shop:80 refused'],
  ['ECONNRESET', 'NET_RESET', 'Connection to shop:80 reset'],
  ['EPIPE', 'NET_RESET', 'Connection to shop:80 reset'],
  ['ECONNABORTED', 'NET_RESET', 'Connection to shop:80 reset'],
  ['ETIMEDOUT', 'NET_TIMEOUT', 'No answer from shop:80 within 10 s'],
  ['EHOSTUNREACH', 'NET_UNREACHABLE', 'Cannot reach shop:80: no route to the host'],
  ['EHOSTDOWN', 'NET_UNREACHABLE', 'Cannot reach shop:80: the host is down'],
  ['ENETUNREACH', 'NET_UNREACHABLE', 'Cannot reach shop:80: no route to the network'],
  ['ENETDOWN', 'NET_UNREACHABLE', 'Cannot reach shop:80: the network is down'],
  ['EADDRNOTAVAIL', 'NET_UNREACHABLE', 'Cannot reach shop:80: no local address fits'],
  ['EAFNOSUPPORT', 'NET_UNREACHABLE', 'Cannot reach shop:80: this IP version is not available here'],
  ['EAI_AGAIN', 'NET_UNREACHABLE', 'Cannot reach shop:80: the resolver does not answer'],
  ['EAI_FAIL', 'NET_UNREACHABLE', 'Cannot reach shop:80: the resolver failed'],
  ['ENOTFOUND', 'NET_NAME_NOT_FOUND', 'The name "shop" does not exist'],
  ['EAI_NONAME', 'NET_NAME_NOT_FOUND', 'The name "shop" does not exist'],
  ['EAI_NODATA', 'NET_NAME_NOT_FOUND', 'The name "shop" does not exist'],
  ['EACCES', 'NET_DENIED', 'Connection to shop:80 denied: forbidden by this system or a firewall'],
  ['EPERM', 'NET_DENIED', 'Connection to shop:80 denied: forbidden by this system or a firewall'],
  ['EMFILE', 'NET_FAILED', 'Connection to shop:80 failed: too many open files in this program'],
  ['ENFILE', 'NET_FAILED', 'Connection to shop:80 failed: too many open files in this system'],
  ['ENOBUFS', 'NET_FAILED', 'Connection to shop:80 failed: no memory for sockets'],
  ['EODD', 'NET_FAILED', 'Connection to shop:80 failed: connect EODD'],
] as const) {
  test(`toNetError() makes ${nodeCode} ${code}`, () => {
    const cause = nodeError(nodeCode);
    const error = toNetError(cause, context);
    assert.equal(error.code, code);
    assert.equal(error.message, message);
    assert.equal(error.cause, cause);
  });
}

test('toNetError() takes a refusal before the answers of other addresses', () => {
  const error = new AggregateError([nodeError('ECONNREFUSED'), nodeError('ENETUNREACH')]);
  assert.equal(toNetError(error, context).code, 'NET_REFUSED');
});

test('toNetError() takes the last answer when no address refused', () => {
  const error = new AggregateError([nodeError('ENETUNREACH'), nodeError('ETIMEDOUT')]);
  assert.equal(toNetError(error, context).code, 'NET_TIMEOUT');
});

test('toNetError() looks at the cause of an error without a code', () => {
  const error = new Error('outer', { cause: nodeError('ECONNREFUSED') });
  assert.equal(toNetError(error, context).code, 'NET_REFUSED');
});

test('toNetError() passes our own errors on, and takes whatever is thrown', () => {
  const own = createError('NET_DENIED', { target: 'shop:80', reason: 'policy' });
  assert.equal(toNetError(own, context), own);
  assert.equal(toNetError('odd', context).message, 'Connection to shop:80 failed: odd');
});

test('toNetError() prints an IPv6 target with brackets', () => {
  const error = toNetError(nodeError('ECONNREFUSED'), { target: { host: '::1', port: 80 }, seconds: 1 });
  assert.equal(error.message, 'Connection to [::1]:80 refused');
});

for (const [nodeCode, code, message] of [
  ['EADDRINUSE', 'LOCAL_PORT_IN_USE', 'Cannot listen on [::1]:80: another program uses this port'],
  ['EACCES', 'LOCAL_LISTEN_FAILED', 'Cannot listen on [::1]:80: this port needs more rights'],
  ['EPERM', 'LOCAL_LISTEN_FAILED', 'Cannot listen on [::1]:80: this port needs more rights'],
  [
    'EADDRNOTAVAIL',
    'LOCAL_LISTEN_FAILED',
    'Cannot listen on [::1]:80: this machine does not have this address',
  ],
  ['EAFNOSUPPORT', 'LOCAL_LISTEN_FAILED', 'Cannot listen on [::1]:80: this IP version is not available here'],
  ['ENOTFOUND', 'LOCAL_LISTEN_FAILED', 'Cannot listen on [::1]:80: the name does not exist'],
  ['EODD', 'LOCAL_LISTEN_FAILED', 'Cannot listen on [::1]:80: connect EODD'],
] as const) {
  test(`toListenError() makes ${nodeCode} ${code}`, () => {
    const error = toListenError(nodeError(nodeCode), { host: '::1', port: 80 });
    assert.equal(error.code, code);
    assert.equal(error.message, message);
  });
}
