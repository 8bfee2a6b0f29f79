import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageFramer } from '../../../../src/protocol/http1/message-framer.ts';
import { canStartRequestLine, parseRequestLine } from '../../../../src/protocol/http1/start-line.ts';
import type { FramingFields } from '../../../../src/protocol/http1/fields.ts';

function createFramer(): { framer: MessageFramer<object>; heads: FramingFields[]; ends: () => number } {
  const heads: FramingFields[] = [];
  let ends = 0;
  const framer = new MessageFramer<object>({
    parseStartLine: parseRequestLine,
    canStart: canStartRequestLine,
    onHead: (_, fields) => {
      heads.push({ ...fields });
      return fields.isChunked ? 'chunked' : (fields.contentLength ?? 0);
    },
    onEnd: () => {
      ends += 1;
    },
  });
  return { framer, heads, ends: () => ends };
}

const withoutContent = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const sized = 'POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\nGET / HTTP/1';
const chunked =
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n' +
  '5\r\nhello\r\n00A;name="a;b"; x\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n';

test('MessageFramer stops behind each message', () => {
  const { framer, heads, ends } = createFramer();
  const bytes = Buffer.from(withoutContent + sized.slice(0, -1) + chunked);
  assert.equal(framer.isBetween, true);
  const first = framer.observe(bytes, 0);
  assert.equal(first, withoutContent.length);
  assert.equal(framer.isBetween, true);
  const second = framer.observe(bytes, first);
  assert.equal(second, first + sized.length - 1);
  assert.equal(framer.observe(bytes, second), bytes.length);
  assert.equal(framer.isBetween, true);
  assert.equal(ends(), 3);
  assert.deepEqual(
    heads.map(({ contentLength, isChunked }) => [contentLength, isChunked]),
    [
      [undefined, false],
      [11, false],
      [undefined, true],
    ],
  );
});

for (const [name, message] of [
  ['without content', withoutContent],
  ['with a length', sized.slice(0, -1)],
  ['in chunks', chunked],
] as const)
  test(`MessageFramer finds the end of a message ${name}, wherever it is cut`, () => {
    const bytes = Buffer.from(message + 'G');
    for (let cut = 1; cut < message.length; cut += 1) {
      const { framer } = createFramer();
      assert.equal(framer.observe(bytes.subarray(0, cut), 0), cut);
      assert.equal(framer.isBetween, false);
      assert.equal(framer.observe(bytes.subarray(cut), 0), message.length - cut);
      assert.equal(framer.isBetween, true);
    }
  });

const chunkedHead = 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n';
for (const [name, text, reason] of [
  ['no request line', '\r\n', 'start-line'],
  ['the start of another protocol', '\x16', 'control-character'],
  ['a method that does not end', 'X'.repeat(40), 'start-line'],
  ['a folded field', 'GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n', 'field-line'],
  ['a head without end', `GET / HTTP/1.1\r\nA: ${'x'.repeat(65_536)}`, 'too-large'],
  ['fields without end', `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(11_000)}`, 'too-large'],
  ['a chunk size of nothing', `${chunkedHead}\r\n`, 'chunk-size'],
  ['a chunk size that is no number', `${chunkedHead}0x5\r\n`, 'chunk-size'],
  ['a negative chunk size', `${chunkedHead}-5\r\n`, 'chunk-size'],
  ['whitespace behind a chunk size', `${chunkedHead}5 \r\n`, 'chunk-size'],
  ['whitespace before a chunk size', `${chunkedHead} 5\r\n`, 'chunk-size'],
  ['whitespace before an extension', `${chunkedHead}5 ;a\r\n`, 'chunk-size'],
  ['a chunk size over 48 bits', `${chunkedHead}1000000000000\r\n`, 'chunk-size'],
  ['a chunk size that ends with LF', `${chunkedHead}5\nhello`, 'control-character'],
  ['an extension with LF', `${chunkedHead}5;\nhello`, 'control-character'],
  ['an extension without end', `${chunkedHead}5;${'x'.repeat(4096)}`, 'too-large'],
  ['a chunk that is too long', `${chunkedHead}5\r\nhello!\r\n`, 'chunk-end'],
  ['a chunk without CRLF', `${chunkedHead}5\r\nhello0\r\n\r\n`, 'chunk-end'],
  ['a chunk that ends with LF', `${chunkedHead}5\r\nhello\n`, 'control-character'],
  ['a trailer with a length', `${chunkedHead}0\r\nContent-Length: 5\r\n`, 'trailer'],
  ['a trailer with a coding', `${chunkedHead}0\r\nTransfer-Encoding: chunked\r\n`, 'trailer'],
  ['a trailer that is no field', `${chunkedHead}0\r\nGET / HTTP/1.1\r\n`, 'field-line'],
  ['trailers without end', `${chunkedHead}0\r\n${'A: b\r\n'.repeat(11_000)}`, 'too-large'],
] as const)
  test(`MessageFramer gives up at ${name}`, () => {
    const bytes = Buffer.from(text, 'latin1');
    const { framer } = createFramer();
    assert.equal(framer.observe(bytes, 0), bytes.length);
    assert.equal(framer.opaqueReason, reason);
    assert.equal(framer.isBetween, false);
    const inPieces = createFramer().framer;
    for (const byte of bytes.subarray(0, 70_000)) inPieces.observe(Buffer.from([byte]), 0);
    assert.equal(inPieces.opaqueReason, reason, 'byte by byte');
  });
