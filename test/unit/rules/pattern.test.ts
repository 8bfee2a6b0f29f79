import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SEARCHED_LIMIT, compilePattern, matchesGlob } from '../../../src/rules/pattern.ts';
import { raises } from '../../support/assert-raises.ts';

const globs: [glob: string, value: string, expected: boolean][] = [
  ['a*', 'a', true],
  ['a*', 'ab', true],
  ['a*', 'ba', false],
  ['*a', 'ba', true],
  ['*', '', true],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-c-b', false],
  ['*ab*ab*', 'ab', false],
  ['*ab*ab*', 'abab', true],
  ['a.c*', 'abc', false],
  ['**', 'x', true],
];
for (const [glob, value, expected] of globs)
  test(`the glob "${glob}" ${expected ? 'matches' : 'does not match'} "${value}"`, () => {
    assert.equal(matchesGlob(glob, value), expected);
  });

test('a glob means what the same expression means', () => {
  const letters = (...alphabet: string[]): fc.Arbitrary<string> =>
    fc.array(fc.constantFrom(...alphabet), { maxLength: 8 }).map((found) => found.join(''));
  fc.assert(
    fc.property(letters('a', 'b', '*'), letters('a', 'b'), (glob, value) => {
      const expression = new RegExp(`^${glob.replaceAll('*', '.*')}$`);
      assert.equal(matchesGlob(glob, value), expression.test(value));
    }),
    { numRuns: 2000 },
  );
});

test('an expression is searched, an exact pattern is compared as a whole', () => {
  assert.equal(compilePattern({ kind: 'regex', text: 'b+' })('abbc'), true);
  assert.equal(compilePattern({ kind: 'regex', text: '^b+' })('abbc'), false);
  assert.equal(compilePattern({ kind: 'exact', text: 'ab' })('abc'), false);
  assert.equal(compilePattern({ kind: 'exact', text: 'ab' })('ab'), true);
});

for (const text of ['(?=a)', '(a)\\1', '[', 'a{1001}', '((a{100}){100}){100}', '(a{100}b{100}c{100}){10}'])
  test(`the expression ${text} is refused`, () => {
    assert.throws(() => compilePattern({ kind: 'regex', text }), raises('RULE_INVALID'));
  });

test('what makes a backtracking matcher stand still is done in steps that grow with the text', () => {
  const matches = compilePattern({ kind: 'regex', text: '^(a+)+$' });
  assert.equal(matches(`${'a'.repeat(SEARCHED_LIMIT - 1)}b`), false);
  assert.equal(matches('a'.repeat(SEARCHED_LIMIT)), true);
});

test('a text over the limit does not match any expression', () => {
  assert.equal(compilePattern({ kind: 'regex', text: 'a' })('a'.repeat(SEARCHED_LIMIT + 1)), false);
});
