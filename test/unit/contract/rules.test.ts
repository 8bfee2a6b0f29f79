import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CONDITION_LIMIT,
  describeRule,
  isPersonalKey,
  ruleSchema,
  validate,
  type Rule,
} from '../../../src/contract/index.ts';

const alice = { kind: 'header', name: 'x-user', value: { kind: 'exact', text: 'alice' } } as const;
const api = { kind: 'path', value: { kind: 'regex', text: '^/api' } } as const;

function isValid(value: unknown): boolean {
  try {
    validate(ruleSchema, value, (reason) => new Error(reason));
    return true;
  } catch {
    return false;
  }
}

function nest(levels: number): Rule {
  return levels === 0 ? alice : { kind: 'not', rule: nest(levels - 1) };
}

const described: [Rule, string][] = [
  [alice, 'header x-user: alice'],
  [api, 'path ~^/api'],
  [{ kind: 'query', name: 'a', value: { kind: 'glob', text: '*' } }, 'query a=*'],
  [{ kind: 'all', rules: [alice, api] }, 'header x-user: alice and path ~^/api'],
  [
    {
      kind: 'all',
      rules: [
        { kind: 'any', rules: [alice, api] },
        { kind: 'not', rule: { kind: 'key', value: 'k' } },
      ],
    },
    '(header x-user: alice or path ~^/api) and not key k',
  ],
  [{ kind: 'not', rule: { kind: 'any', rules: [alice, api] } }, 'not (header x-user: alice or path ~^/api)'],
];
for (const [rule, text] of described)
  test(`"${text}"`, () => {
    assert.equal(describeRule(rule), text);
    assert.deepEqual(
      validate(ruleSchema, rule, (reason) => new Error(reason)),
      rule,
    );
  });

test('a rule is bounded in conditions and depth', () => {
  const many = (count: number): Rule => ({ kind: 'all', rules: Array.from({ length: count }, () => alice) });
  assert.equal(isValid(many(CONDITION_LIMIT)), true);
  assert.equal(isValid(many(CONDITION_LIMIT + 1)), false);
  assert.equal(isValid({ kind: 'any', rules: [many(20), many(20)] }), false);
  assert.equal(isValid({ kind: 'any', rules: [] }), false);
  assert.equal(isValid(nest(4)), true);
  assert.equal(isValid(nest(5)), false);
  assert.equal(isValid(nest(1000)), false);
});

for (const [reason, rule] of [
  ['a name in capitals', { ...alice, name: 'X-User' }],
  ['no name', { ...alice, name: '' }],
  ['a name with a line end', { ...alice, name: 'a\nb' }],
  ['too long a pattern', { ...api, value: { kind: 'glob', text: 'a'.repeat(513) } }],
  ['an unknown kind', { kind: 'cookie', value: 'a' }],
  ['a method in small letters', { kind: 'method', value: 'get' }],
  ['a key with a comma', { kind: 'key', value: 'a,b' }],
] as const)
  test(`${reason} is refused`, () => {
    assert.equal(isValid(rule), false);
  });

test('a personal key is what all fields can carry', () => {
  for (const key of ['alice', 'a.b_c-1', 'A'.repeat(64)]) assert.equal(isPersonalKey(key), true);
  for (const key of ['', 'a b', 'a=b', 'a,b', 'a;b', 'ä', 'A'.repeat(65)])
    assert.equal(isPersonalKey(key), false);
});
