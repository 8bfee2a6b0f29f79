import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeQuestion,
  encodeFailure,
  hasHeader,
  isAnswerTo,
  rcodes,
} from '../../../../src/protocol/dns/index.ts';
import { makeQuery } from '../../../support/dns-query.ts';

test('decodeQuestion() reads name, type and class, in lower case', () => {
  assert.deepEqual(decodeQuestion(makeQuery('Web.Shop', 28)), { name: 'web.shop', type: 28, class: 1 });
  assert.deepEqual(decodeQuestion(makeQuery('', 2)), { name: '', type: 2, class: 1 });
});

test('decodeQuestion() reads no answers, other opcodes, several questions or compressed names', () => {
  for (const [offset, value] of [
    [2, 0x80],
    [2, 0x28],
    [5, 2],
    [12, 0xc0],
  ] as const) {
    const query = makeQuery('web', 1);
    query[offset] = value;
    assert.equal(decodeQuestion(query), undefined);
  }
});

test('decodeQuestion() reads nothing of a message cut short', () => {
  const query = makeQuery('web.shop', 1);
  for (let length = 0; length < query.length; length += 1)
    assert.equal(decodeQuestion(query.subarray(0, length)), undefined);
});

test('encodeFailure() keeps id, question and "recursion desired", and has no records', () => {
  const query = Buffer.concat([makeQuery('web', 1), Buffer.from('additional')]);
  query[11] = 1;
  const answer = encodeFailure(query, rcodes.nameError);
  assert.equal(answer.toString('hex'), '1234818300010000000000000377656200' + '00010001');
  assert.ok(isAnswerTo(query, answer));
});

test('isAnswerTo() refuses another id, another name and a query', () => {
  const query = makeQuery('web', 1);
  assert.ok(!isAnswerTo(query, query));
  assert.ok(!isAnswerTo(query, encodeFailure(makeQuery('wet', 1), 0)));
  const other = encodeFailure(query, 0);
  other[0] = 0;
  assert.ok(!isAnswerTo(query, other));
  assert.ok(isAnswerTo(query, encodeFailure(makeQuery('WEB', 1), 0)));
});

test('any bytes are read or refused, never thrown at', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const message = Buffer.from(bytes);
      decodeQuestion(message);
      if (!hasHeader(message)) return;
      assert.ok(encodeFailure(message, rcodes.formatError).length >= 12);
      isAnswerTo(makeQuery('web', 1), message);
    }),
  );
});
