import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeRequestHead, headLimitBytes } from '../../../../src/protocol/http1/index.ts';

const head = 'GET /ready?a=b HTTP/1.1\r\nHost: x\r\nUser-Agent:  kube-probe/1.30 \r\nX:\r\n\r\n';

test('decodeRequestHead() gives method, target and fields', () => {
  assert.deepEqual(decodeRequestHead(Buffer.from(`${head}content`)), {
    method: 'GET',
    target: '/ready?a=b',
    fields: [
      { name: 'host', value: 'x' },
      { name: 'user-agent', value: 'kube-probe/1.30' },
      { name: 'x', value: '' },
    ],
  });
});

test('decodeRequestHead() waits for the end of the head', () => {
  for (let cut = 0; cut < head.length; cut += 1)
    assert.equal(decodeRequestHead(Buffer.from(head.slice(0, cut))), undefined, `cut at ${cut}`);
});

for (const [text, reason] of [
  ['\x16\x03\x01', 'control-character'],
  ['get', 'start-line'],
  ['GET /\r\n', 'start-line'],
  ['GET / HTTP/1.1\r\nA : b\r\n', 'field-line'],
  ['GET / HTTP/1.1\r\nA: b\n', 'control-character'],
  [`GET / HTTP/1.1\r\nA: ${'x'.repeat(headLimitBytes)}`, 'too-large'],
] as const)
  test(`decodeRequestHead() finds no head in ${JSON.stringify(text.slice(0, 30))}`, () => {
    assert.equal(decodeRequestHead(Buffer.from(text)), reason);
  });
