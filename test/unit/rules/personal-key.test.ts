import assert from 'node:assert/strict';
import { test } from 'node:test';
import { personalKeys } from '../../../src/rules/personal-key.ts';
import { head } from '../../support/request-heads.ts';

function keys(...lines: string[]): string[] {
  return [...personalKeys(head('/', ...lines).fields)];
}

const carriers: [line: string, expected: string[]][] = [
  ['x-tp-key: alice', ['alice']],
  ['X-TP-Key: alice', ['alice']],
  ['kubernetes-route-as: alice', ['alice']],
  ['baggage: tp=alice', ['alice']],
  ['baggage: a=1, tp=alice;ttl=3;x , b=2', ['alice']],
  ['baggage: tp = alice', ['alice']],
  ['baggage: tp=al%69ce', ['alice']],
  ['baggage: tp=%zz', ['%zz']],
  ['baggage: http=alice, TP=alice, tp', []],
  ['baggage: a="tp=alice"', []],
  ['tracestate: rojo=00f067aa0ba902b7,tp=alice', ['alice']],
  ['tracestate: tenant@tp=alice', []],
  ['uberctx-tp: alice', ['alice']],
  ['jaeger-baggage: a=1, tp=alice', ['alice']],
  ['baggage-tp: alice', ['alice']],
  ['ot-baggage-tp: alice', ['alice']],
  ['ot-baggage-user: alice', []],
  ['x-tp-key:', []],
];
for (const [line, expected] of carriers)
  test(`${line} carries ${expected.join() || 'nothing'}`, () => {
    assert.deepEqual(keys(line), expected);
  });

test('keys of several fields are all found, once each', () => {
  assert.deepEqual(keys('x-tp-key: a', 'baggage: tp=b', 'baggage: tp=a', 'tracestate: tp=c'), [
    'a',
    'b',
    'c',
  ]);
});
