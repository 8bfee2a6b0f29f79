import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  parseHeader,
  parseHost,
  parseMethod,
  parseNot,
  parsePath,
  parseQuery,
} from '../../../cli/arguments/rule.ts';
import type { Rule } from '../../../src/contract/index.ts';
import { RequestView, compileRule } from '../../../src/rules/index.ts';
import { head } from '../../support/request-heads.ts';

const request = new RequestView(
  head(
    '/api/users?page=2',
    'Host: Shop.example:8080',
    'X-User: alice',
    'X-User: admin',
    'Accept: text/html, */*',
    'x-tp-key: dev1',
  ),
);

const alice = parseHeader('x-user: alice');
const bob = parseHeader('x-user: bob');

const cases: [text: string, rule: Rule, expected: boolean][] = [
  ['a field', alice, true],
  ['another line of the same field', parseHeader('X-USER: admin'), true],
  ['case of a value', parseHeader('x-user: Alice'), false],
  ['several lines are not one', parseHeader('x-user: alice, admin'), false],
  ['a field alone', parseHeader('accept'), true],
  ['a field that is not there', parseHeader('cookie'), false],
  ['a glob', parseHeader('accept: text/*'), true],
  ['an expression', parseHeader('accept: ~^text/(html|plain)'), true],
  ['the path', parsePath('/api/users'), true],
  ['a prefix that is not said to be one', parsePath('/api'), false],
  ['a prefix', parsePath('/api/*'), true],
  ['path and query', parsePath('/api/users?page=2'), true],
  ['path and another query', parsePath('/api/users?page=3'), false],
  ['an expression for the path', parsePath('~users$'), true],
  ['an expression for path and query', parsePath('~\\?page=\\d$'), true],
  ['the method', parseMethod('get'), true],
  ['another method', parseMethod('POST'), false],
  ['a parameter', parseQuery('page=2'), true],
  ['a parameter alone', parseQuery('page'), true],
  ['another value', parseQuery('page=3'), false],
  ['the host', parseHost('SHOP.example'), true],
  ['a host with its port', parseHost('shop.example:8080'), true],
  ['a host with another port', parseHost('shop.example:80'), false],
  ['a host glob', parseHost('*.EXAMPLE'), true],
  ['a host expression', parseHost('~^shop\\.EX'), true],
  ['the key', { kind: 'key', value: 'dev1' }, true],
  ['another key', { kind: 'key', value: 'dev2' }, false],
  ['all of them', { kind: 'all', rules: [alice, parsePath('/api/*')] }, true],
  ['all but one', { kind: 'all', rules: [alice, bob] }, false],
  ['any', { kind: 'any', rules: [bob, alice] }, true],
  ['none', { kind: 'any', rules: [bob, parsePath('/x')] }, false],
  ['not', parseNot('header x-user: bob'), true],
  ['not what is there', parseNot('path /api/*'), false],
];
for (const [text, rule, expected] of cases)
  test(`${text}: ${expected ? 'matches' : 'does not match'}`, () => {
    assert.equal(compileRule(rule)(request), expected);
  });
