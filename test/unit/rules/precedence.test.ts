import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseHeader, parseHost, parsePath } from '../../../cli/arguments/rule.ts';
import type { Condition, Pattern, Rule } from '../../../src/contract/index.ts';
import {
  RequestView,
  comparePrecedence,
  compileRule,
  covers,
  isPointless,
  type Contender,
} from '../../../src/rules/index.ts';
import { head } from '../../support/request-heads.ts';

function contender(id: string, rule: Rule | undefined, sinceMs = 0): Contender {
  return { id, rule, sinceMs };
}

const key = { kind: 'key', value: 'dev1' } as const;
const user = parseHeader('x-user: alice');
const api = parsePath('/api/*');

/** Each before the next, though younger. */
const order: (Rule | undefined)[] = [
  { kind: 'all', rules: [key, user, api] },
  { kind: 'all', rules: [user, key] },
  { kind: 'all', rules: [parsePath('/api/v1/*'), user] },
  { kind: 'all', rules: [api, user] },
  user,
  key,
  { kind: 'any', rules: [user, key] },
  parsePath('/api/v1/*'),
  api,
  { kind: 'not', rule: user },
  undefined,
];
test('the more specific rule goes first', () => {
  const contenders = order.map((rule, index) => contender(String(index), rule, -index));
  assert.deepEqual([...contenders].reverse().sort(comparePrecedence), contenders);
});

test('of two that are as specific the older one goes first, and in all pods the same one', () => {
  const older = contender('b', parseHeader('x: 1'), 1);
  const younger = contender('a', parseHeader('y: 1'), 2);
  assert.ok(comparePrecedence(older, younger) < 0);
  assert.ok(comparePrecedence(younger, older) > 0);
  assert.ok(comparePrecedence(younger, { ...older, sinceMs: 2 }) < 0);
});

test('a rule that never gets a request is pointless beside the one that takes them', () => {
  const pairs: [Rule | undefined, Rule | undefined][] = [
    [undefined, undefined],
    [key, key],
    [key, parseHeader('x-tp-key: dev1')],
    [parsePath('/api'), parsePath('/api')],
    [api, { kind: 'any', rules: [api, parsePath('/api/v1')] }],
  ];
  for (const [older, younger] of pairs)
    assert.equal(isPointless(contender('a', older, 1), contender('b', younger, 2)), true);
});

test('who takes a part of it leaves the rest', () => {
  const pairs: [Rule | undefined, Rule | undefined][] = [
    [undefined, key],
    [key, { kind: 'key', value: 'dev2' }],
    [api, parsePath('/api/v1/*')],
    [key, { kind: 'all', rules: [key, api] }],
    [user, { kind: 'not', rule: user }],
  ];
  for (const [a, b] of pairs) {
    assert.equal(isPointless(contender('a', a, 1), contender('b', b, 2)), false);
    assert.equal(isPointless(contender('a', b, 1), contender('b', a, 2)), false);
  }
});

test('a query or a port that the wide pattern does not look at makes no difference', () => {
  assert.equal(covers(parsePath('/a'), parsePath('/a?x=1')), true);
  assert.equal(covers(parsePath('/a*b'), parsePath('/a?x=b')), false);
  assert.equal(covers(parseHost('shop'), parseHost('shop:80')), true);
  assert.equal(covers(parseHost('*80'), parseHost('shop:80')), false);
});

const word = fc.array(fc.constantFrom('a', 'b'), { maxLength: 3 }).map((letters) => letters.join(''));
const pattern: fc.Arbitrary<Pattern> = fc.oneof(
  word.map((text) => ({ kind: 'exact', text }) as const),
  fc.tuple(word, word).map(([start, end]) => ({ kind: 'glob', text: `${start}*${end}` }) as const),
  fc.constantFrom('^a', 'b$', 'a.b').map((text) => ({ kind: 'regex', text }) as const),
);
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc
    .tuple(fc.constantFrom('x', 'y'), pattern)
    .map(([name, value]) => ({ kind: 'header', name, value }) as const),
  pattern.map(
    (value) => ({ kind: 'path', value: { ...value, text: value.text.replace(/^/, '/') } }) as const,
  ),
  fc.constantFrom('a', 'b').map((value) => ({ kind: 'key', value }) as const),
);
const { rule } = fc.letrec<{ rule: Rule }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 3 },
    condition,
    fc
      .tuple(fc.constantFrom('all', 'any'), fc.array(tie('rule'), { minLength: 1, maxLength: 3 }))
      .map(([kind, rules]): Rule => ({ kind, rules })),
    tie('rule').map((inner): Rule => ({ kind: 'not', rule: inner })),
  ),
}));
const request = fc
  .record({ path: word, x: fc.option(word), y: fc.option(word), key: fc.option(fc.constantFrom('a', 'b')) })
  .map(({ path, x, y, key: carried }) => {
    const lines = [
      x === null ? [] : [`x: ${x}`],
      y === null ? [] : [`y: ${y}`],
      carried === null ? [] : [`x-tp-key: ${carried}`],
    ];
    return new RequestView(head(`/${path}`, ...lines.flat()));
  });

test('what a rule covers it matches', () => {
  fc.assert(
    fc.property(rule, rule, fc.array(request, { maxLength: 20 }), (wide, narrow, requests) => {
      fc.pre(covers(wide, narrow));
      for (const one of requests) if (compileRule(narrow)(one)) assert.equal(compileRule(wide)(one), true);
    }),
    { numRuns: 300 },
  );
});

test('each rule covers itself, and everything covers each rule', () => {
  fc.assert(
    fc.property(rule, (one) => {
      assert.equal(covers(one, one), true);
      assert.equal(covers(undefined, one), true);
    }),
  );
});

test('the order is total: sorting gives the same whatever came first', () => {
  const contenders = fc
    .uniqueArray(fc.tuple(fc.option(rule, { nil: undefined }), fc.nat({ max: 3 })), { maxLength: 6 })
    .map((all) => all.map(([one, sinceMs], index) => contender(String(index), one, sinceMs)));
  fc.assert(
    fc.property(contenders, fc.infiniteStream(fc.nat()), (all, seeds) => {
      const shuffled = all
        .map((one) => ({ one, seed: seeds.next().value as number }))
        .sort((a, b) => a.seed - b.seed)
        .map(({ one }) => one);
      assert.deepEqual([...shuffled].sort(comparePrecedence), [...all].sort(comparePrecedence));
    }),
  );
});
