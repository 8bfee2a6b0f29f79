import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  canStartRequestLine,
  parseRequestLine,
  parseStatusLine,
  requestTargetOf,
} from '../../../../src/protocol/http1/start-line.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

for (const [text, method, target, minorVersion] of [
  ['GET / HTTP/1.1', 'GET', '/', 1],
  ['OPTIONS * HTTP/1.0', 'OPTIONS', '*', 0],
  ['M-SEARCH http://a/b?c HTTP/1.1', 'M-SEARCH', 'http://a/b?c', 1],
  ['GET HTTP/1.1 HTTP/1.1', 'GET', 'HTTP/1.1', 1],
] as const)
  test(`parseRequestLine() understands "${text}"`, () => {
    const line = parseRequestLine(bytes(text));
    assert.ok(typeof line === 'object');
    assert.deepEqual(line, { method, minorVersion });
    assert.equal(requestTargetOf(bytes(text), line), target);
  });

for (const text of [
  '',
  'GET',
  'GET /',
  'GET / ',
  'GET / HTTP/1.2',
  'GET / HTTP/2.0',
  'GET / HTTP/0.9',
  'GET / HTTP/1.1 ',
  'GET / http/1.1',
  'GET / HTTP/1.11',
  'GET / HTTP/1',
  'GET  / HTTP/1.1',
  'GET /  HTTP/1.1',
  ' GET / HTTP/1.1',
  'GET\t/ HTTP/1.1',
  'GET /\t HTTP/1.1',
  'GET /a b HTTP/1.1',
  'GET /\xa0 HTTP/1.1',
  'get / HTTP/1.1',
  'Head / HTTP/1.1',
  'G(T / HTTP/1.1',
  'GET HTTP/1.1',
  `${'X'.repeat(33)} / HTTP/1.1`,
  'PRI * HTTP/2.0',
  'SSH-2.0-OpenSSH_9.2',
  '*1',
])
  test(`parseRequestLine() does not understand "${text}"`, () => {
    assert.equal(parseRequestLine(bytes(text)), 'start-line');
  });

for (const [text, expected] of [
  ['', true],
  ['G', true],
  ['GET', true],
  ['GET /any\0thing', true],
  ['X'.repeat(32), true],
  ['X'.repeat(33), false],
  [' ', false],
  ['get', false],
  ['\x16\x03\x01', false],
  ['G\0', false],
] as const)
  test(`canStartRequestLine() says ${String(expected)} of ${JSON.stringify(text)}`, () => {
    assert.equal(canStartRequestLine(bytes(text)), expected);
  });

for (const [text, status, minorVersion] of [
  ['HTTP/1.1 200 OK', 200, 1],
  ['HTTP/1.0 404 Not Found', 404, 0],
  ['HTTP/1.1 204 ', 204, 1],
  ['HTTP/1.1 204', 204, 1],
  ['HTTP/1.1 500 \xe9t\xe9', 500, 1],
] as const)
  test(`parseStatusLine() understands "${text}"`, () => {
    assert.deepEqual(parseStatusLine(bytes(text)), { status, minorVersion });
  });

for (const text of [
  'HTTP/1.1 20 OK',
  'HTTP/1.1 2000 OK',
  'HTTP/1.1  200 OK',
  'HTTP/1.1 200OK',
  'HTTP/1.1 099 x',
  'HTTP/1.1 600 x',
  'HTTP/2 200 OK',
  'HTTP/1.2 200 OK',
  'http/1.1 200 OK',
  'ICY 200 OK',
  '',
])
  test(`parseStatusLine() does not understand "${text}"`, () => {
    assert.equal(parseStatusLine(bytes(text)), 'start-line');
  });
