import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Claim } from '../../../src/contract/index.ts';
import { explainClaims } from '../../../src/daemon/explain.ts';

const http = { protocol: 'TCP', appPort: 80 } as const;
const claims: Claim[] = [
  { ...http, interceptId: '1', holder: 'ada', rule: { kind: 'key', value: 'ada' } },
  {
    ...http,
    interceptId: '2',
    holder: 'bob',
    rule: { kind: 'path', value: { kind: 'glob', text: '/api/*' } },
  },
  { ...http, interceptId: '3', holder: 'eve' },
  { protocol: 'UDP', appPort: 53, interceptId: '3', holder: 'eve' },
];

function verdicts(target: string, key?: string): string[] {
  const fields = key === undefined ? [] : [{ name: 'x-tp-key', value: key }];
  const [port, ...others] = explainClaims(claims, { method: 'GET', target, fields });
  assert.deepEqual(others, []);
  return port?.asked.map(({ holder, verdict }) => `${holder} ${verdict}`) ?? [];
}

test('the first rule that matches gets the request, those behind it come too late', () => {
  assert.deepEqual(verdicts('/api/x', 'ada'), ['ada gets-it', 'bob late', 'eve late']);
  assert.deepEqual(verdicts('/api/x'), ['ada no-match', 'bob gets-it', 'eve late']);
  assert.deepEqual(verdicts('/'), ['ada no-match', 'bob no-match', 'eve gets-it']);
});

test('each port has an answer of its own', () => {
  const explained = explainClaims(
    [
      ...claims,
      { ...http, appPort: 81, interceptId: '4', holder: 'ada', rule: { kind: 'method', value: 'POST' } },
    ],
    { method: 'POST', target: '/', fields: [] },
  );
  assert.deepEqual(
    explained.map(({ port, asked }) => [port, asked.find(({ verdict }) => verdict === 'gets-it')?.holder]),
    [
      [80, 'eve'],
      [81, 'ada'],
    ],
  );
});

test('without claims there is nothing to explain', () => {
  assert.deepEqual(explainClaims([], { method: 'GET', target: '/', fields: [] }), []);
});
