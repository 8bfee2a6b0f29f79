import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toRequestHead } from '../../../../src/protocol/http2/request-head.ts';

function headOf(...lines: string[]): ReturnType<typeof toRequestHead> {
  return toRequestHead(
    lines.map((line) => {
      const colon = line.indexOf(': ', 1);
      return { name: line.slice(0, colon), value: line.slice(colon + 2) };
    }),
  );
}

const get = [':method: GET', ':scheme: http', ':path: /a?b', ':authority: shop:80'];

test('a request looks as it would in HTTP/1.1', () => {
  assert.deepEqual(headOf(...get, 'x-tp-key: alice'), {
    method: 'GET',
    target: '/a?b',
    fields: [
      { name: 'host', value: 'shop:80' },
      { name: 'x-tp-key', value: 'alice' },
    ],
  });
  assert.deepEqual(headOf(...get.slice(0, 3), 'host: shop')?.fields, [{ name: 'host', value: 'shop' }]);
  assert.equal(headOf(':method: CONNECT', ':authority: shop:80')?.target, 'shop:80');
});

test('what two readers might take for different requests is none', () => {
  assert.equal(headOf(...get, ':path: /c'), undefined);
  assert.equal(headOf('x: y', ...get), undefined);
  assert.equal(headOf(...get, ':unknown: x'), undefined);
  assert.equal(headOf(...get, ':protocol: websocket'), undefined);
  assert.equal(headOf(...get, 'X-Tp-Key: alice'), undefined);
  assert.equal(headOf(...get, 'a b: c'), undefined);
  assert.equal(headOf(':scheme: http', ':path: /'), undefined);
  assert.equal(headOf(':method: GET', ':scheme: http'), undefined);
});
