import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lostAnswer } from '../../../../agent/http2/lost-answer.ts';

test('a call of gRPC gets a status of gRPC, everything else one of HTTP', () => {
  const call = lostAnswer([{ name: 'content-type', value: 'application/grpc' }], 'zoë');
  assert.equal(call.fields.find(({ name }) => name === 'grpc-status')?.value, '14');
  assert.match(call.fields.find(({ name }) => name === 'grpc-message')?.value ?? '', /^[ -~]+zo%C3%AB/);
  assert.equal(call.content.length, 0);
  const other = lostAnswer([], 'zoë');
  assert.deepEqual(other.fields[0], { name: ':status', value: '502' });
  assert.match(other.content.toString(), /"zoë"/);
});
