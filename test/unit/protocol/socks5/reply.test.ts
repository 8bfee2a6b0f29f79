import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createError } from '../../../../src/errors/index.ts';
import { encodeReply, replies, toSocks5Reply } from '../../../../src/protocol/socks5/index.ts';

test('encodeReply() writes the bound address, or zeros', () => {
  assert.equal(encodeReply(replies.succeeded).toString('hex'), '05000001000000000000');
  const bound = { host: '127.0.0.1', port: 1080 };
  assert.equal(encodeReply(replies.succeeded, bound).toString('hex'), '050000017f0000010438');
});

const target = 'shop:80';
for (const [error, reply] of [
  [createError('NET_REFUSED', { target }), 5],
  [createError('NET_UNREACHABLE', { target, reason: 'x' }), 4],
  [createError('NET_NAME_NOT_FOUND', { name: 'shop' }), 4],
  [createError('NET_TIMEOUT', { target, seconds: 10 }), 6],
  [createError('NET_DENIED', { target, reason: 'x' }), 2],
  [createError('NET_FAILED', { target, reason: 'x' }), 1],
  [createError('TUNNEL_LOST', { reason: 'x' }), 3],
  [createError('TUNNEL_UNAVAILABLE', {}), 3],
  [createError('MUX_CLOSED', { reason: 'x' }), 3],
  [createError('AGENT_UNREACHABLE', { pod: 'x', reason: 'x' }), 3],
] as const) {
  test(`toSocks5Reply() answers ${error.code} with ${String(reply)}`, () => {
    assert.equal(toSocks5Reply(error), reply);
  });
}

test('toSocks5Reply() answers everything else with general failure', () => {
  assert.equal(toSocks5Reply(new Error('odd')), 1);
});
