import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  listConnectionOptions,
  listValues,
  toEndToEndFields,
  toTrailerFields,
} from '../../../src/proxy-server/http-fields.ts';

test('toEndToEndFields() keeps case, order and repetition', () => {
  const fields = ['X-B', '1', 'Set-Cookie', 'a', 'x-a', '2', 'Set-Cookie', 'b'];
  assert.deepEqual(toEndToEndFields(fields), fields);
});

for (const name of [
  'Connection',
  'keep-alive',
  'TE',
  'Transfer-Encoding',
  'Upgrade',
  'Proxy-Authorization',
  'Proxy-Authenticate',
  'Proxy-Connection',
  'Proxy-Anything',
]) {
  test(`toEndToEndFields() removes ${name}`, () => {
    assert.deepEqual(toEndToEndFields([name, 'x', 'Kept', 'y']), ['Kept', 'y']);
  });
}

test('toEndToEndFields() removes what Connection names, in any case and in several fields', () => {
  const fields = [
    'Connection',
    'close, x-one ,',
    'X-One',
    '1',
    'connection',
    'X-TWO',
    'x-two',
    '2',
    'X-Three',
    '3',
  ];
  assert.deepEqual(toEndToEndFields(fields), ['X-Three', '3']);
});

test('toEndToEndFields() does not let Connection remove where a message goes and where it ends', () => {
  const fields = ['Connection', 'Host, Content-Length', 'Host', 'shop', 'Content-Length', '5'];
  assert.deepEqual(toEndToEndFields(fields), ['Host', 'shop', 'Content-Length', '5']);
});

test('toEndToEndFields() removes what the caller writes itself', () => {
  assert.deepEqual(toEndToEndFields(['HOST', 'a', 'X', 'b'], ['host']), ['X', 'b']);
});

test('toTrailerFields() removes framing and routing (RFC 9110 §6.5.1)', () => {
  const fields = [
    'Grpc-Status',
    '0',
    'Content-Length',
    '5',
    'Transfer-Encoding',
    'chunked',
    'Host',
    'x',
    'Trailer',
    'y',
  ];
  assert.deepEqual(toTrailerFields(fields), ['Grpc-Status', '0']);
});

test('listConnectionOptions() and listValues() look at every field of that name', () => {
  const fields = ['Connection', 'Upgrade,', 'CONNECTION', ' close', 'X', 'y'];
  assert.deepEqual(listConnectionOptions(fields), ['upgrade', 'close']);
  assert.deepEqual(listValues(fields, 'connection'), ['Upgrade,', ' close']);
});
