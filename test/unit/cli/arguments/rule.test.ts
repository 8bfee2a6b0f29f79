import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  parseField,
  parseGrpcMethod,
  parseHeader,
  parseHost,
  parseKey,
  parseMethod,
  parseNot,
  parsePath,
  parseQuery,
  toRule,
  type RuleOptions,
} from '../../../../cli/arguments/rule.ts';
import { describeRule } from '../../../../src/contract/index.ts';
import { raises } from '../../../support/assert-raises.ts';

const parsers = { parseGrpcMethod, parseHeader, parseQuery, parsePath, parseHost, parseMethod, parseNot };

const readings: [parser: keyof typeof parsers, text: string, described: string][] = [
  ['parseHeader', 'X-User:alice', 'header x-user: alice'],
  ['parseHeader', 'x-user: a: b', 'header x-user: a: b'],
  ['parseHeader', 'x-user', 'header x-user: *'],
  ['parseHeader', 'x-user: ~^a*$', 'header x-user: ~^a*$'],
  ['parseHeader', 'x-user:', 'header x-user: '],
  ['parseQuery', 'a=b=c', 'query a=b=c'],
  ['parseQuery', 'a', 'query a=*'],
  ['parsePath', '/api/*', 'path /api/*'],
  ['parseMethod', 'post', 'method POST'],
  ['parseHost', '*.example.org', 'host *.example.org'],
  ['parseGrpcMethod', 'shop.Greeter/SayHello', 'path /shop.Greeter/SayHello'],
  ['parseGrpcMethod', 'shop.Greeter', 'path /shop.Greeter/*'],
  ['parseNot', 'grpc-method shop.Greeter', 'not path /shop.Greeter/*'],
  ['parseNot', 'path /health', 'not path /health'],
  ['parseNot', 'header x-user: bob', 'not header x-user: bob'],
  ['parseNot', 'key bob', 'not key bob'],
];
for (const [parser, text, expected] of readings)
  test(`${parser}() reads "${text}"`, () => {
    assert.equal(describeRule(parsers[parser](text)), expected);
  });

const refused: [parser: keyof typeof parsers, text: string][] = [
  ['parseHeader', ''],
  ['parseHeader', ': alice'],
  ['parseHeader', 'x user: alice'],
  ['parseQuery', '=a'],
  ['parsePath', 'api'],
  ['parsePath', ''],
  ['parseMethod', 'GET POST'],
  ['parseGrpcMethod', 'shop/Greeter/SayHello'],
  ['parseGrpcMethod', ''],
  ['parseNot', 'path'],
  ['parseNot', 'cookie a=b'],
  ['parseNot', 'toString x'],
  ['parseNot', 'path api'],
];
for (const [parser, text] of refused)
  test(`${parser}() refuses "${text}"`, () => {
    assert.throws(() => parsers[parser](text), raises('USAGE_INVALID_OPTION'));
  });

const [a, b] = [parseHeader('a: 1'), parseHeader('b: 2')];
const joined: [name: string, options: RuleOptions, expected: string | undefined][] = [
  ['nothing', {}, undefined],
  ['--personal', { personal: true }, 'key Ada-L'],
  ['--key', { key: 'dev1' }, 'key dev1'],
  ['two headers', { header: [a, b] }, 'header a: 1 and header b: 2'],
  ['two headers with --any', { header: [a, b], any: true }, 'header a: 1 or header b: 2'],
  [
    'two paths and a key',
    { personal: true, path: [parsePath('/a'), parsePath('/b')] },
    'key Ada-L and (path /a or path /b)',
  ],
  ['--not alone', { not: [parseNot('path /health')] }, 'not path /health'],
  [
    '--any and --not',
    { header: [a, b], any: true, not: [parseNot('path /x'), parseNot('path /y')] },
    '(header a: 1 or header b: 2) and not path /x and not path /y',
  ],
];
for (const [name, options, expected] of joined)
  test(`toRule() of ${name}`, () => {
    const rule = toRule(options, 'Ada L');
    assert.equal(rule === undefined ? undefined : describeRule(rule), expected);
  });

test('toRule() refuses --any with nothing to choose from, and too many conditions', () => {
  assert.throws(() => toRule({ any: true, header: [a] }, 'ada'), raises('USAGE_INVALID'));
  assert.throws(
    () => toRule({ header: Array.from({ length: 33 }, () => a) }, 'ada'),
    raises('USAGE_INVALID'),
  );
});

test('a key that not every field can carry is refused', () => {
  assert.equal(parseKey('dev-1'), 'dev-1');
  assert.throws(() => parseKey('a b'), raises('USAGE_INVALID_OPTION'));
});

test('a field of a sample request is no pattern', () => {
  assert.deepEqual(parseField('X-User: ~a*'), { name: 'x-user', value: '~a*' });
  assert.throws(() => parseField('x-user'), raises('USAGE_INVALID_OPTION'));
  assert.throws(() => parseField(': a'), raises('USAGE_INVALID_OPTION'));
});
