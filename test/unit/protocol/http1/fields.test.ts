import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createFramingFields,
  fieldName,
  fieldNameBytes,
  fieldValue,
  findContradiction,
  isPersistent,
  readFieldLine,
  type FramingFields,
} from '../../../../src/protocol/http1/fields.ts';
import type { OpaqueReason } from '../../../../src/protocol/http1/index.ts';

function read(...lines: string[]): FramingFields | OpaqueReason {
  const fields = createFramingFields();
  for (const line of lines) {
    const reason = readFieldLine(Buffer.from(line, 'latin1'), fields);
    if (reason !== undefined) return reason;
  }
  return fields;
}

const plain = createFramingFields();

for (const [lines, expected] of [
  [['Content-Length: 5'], { contentLength: 5 }],
  [['CONTENT-LENGTH:005'], { contentLength: 5 }],
  [['Content-Length: 999999999999999'], { contentLength: 999_999_999_999_999 }],
  [['Transfer-Encoding: Chunked'], { isChunked: true }],
  [['Connection: close'], { hasClose: true }],
  [['connection: Keep-Alive, Upgrade'], { hasKeepAlive: true, hasUpgrade: true }],
  [['Connection: foo\t, close', 'Connection:'], { hasClose: true }],
  [['Connection: closed'], {}],
  [['Upgrade: websocket'], { hasUpgrade: true }],
  [['Host: x', 'X-Content-Length: 3', 'Content_Length: 4', 'Cookie:'], {}],
] as const)
  test(`readFieldLine() reads ${JSON.stringify(lines)}`, () => {
    assert.deepEqual(read(...lines), { ...plain, ...expected });
  });

for (const [lines, reason] of [
  [[' folded'], 'field-line'],
  [['\tfolded'], 'field-line'],
  [['no colon'], 'field-line'],
  [['Content-Length : 5'], 'field-line'],
  [[': 5'], 'field-line'],
  [['Content-\xa0Length: 5'], 'field-line'],
  [['Content-Length:'], 'content-length'],
  [['Content-Length: +5'], 'content-length'],
  [['Content-Length: -5'], 'content-length'],
  [['Content-Length: 0x5'], 'content-length'],
  [['Content-Length: 5, 5'], 'content-length'],
  [['Content-Length: 5 5'], 'content-length'],
  [['Content-Length: \xa05'], 'content-length'],
  [['Content-Length: 5 '], 'content-length'],
  [['Content-Length:\t5'], 'content-length'],
  [['Content-Length: 1000000000000000'], 'content-length'],
  [['Content-Length: 5', 'Content-Length: 5'], 'content-length'],
  [['Content-Length: 5', 'Content-Length: 6'], 'content-length'],
  [['Transfer-Encoding:'], 'transfer-coding'],
  [['Transfer-Encoding: identity'], 'transfer-coding'],
  [['Transfer-Encoding: gzip, chunked'], 'transfer-coding'],
  [['Transfer-Encoding: chunked, gzip'], 'transfer-coding'],
  [['Transfer-Encoding: xchunked'], 'transfer-coding'],
  // Node 20's parser does not see the coding here.
  [['Transfer-Encoding: chunked\t'], 'transfer-coding'],
  [['Transfer-Encoding:  chunked'], 'transfer-coding'],
  [['Transfer-Encoding: chunked;q=1'], 'transfer-coding'],
  [['Transfer-Encoding: chunked\xa0'], 'transfer-coding'],
  [['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], 'transfer-coding'],
] as const)
  test(`readFieldLine() does not interpret ${JSON.stringify(lines)}`, () => {
    assert.equal(read(...lines), reason);
  });

test('fieldName() and fieldValue() split a line', () => {
  const line = Buffer.from('X-Some: \t a: b \t', 'latin1');
  const nameBytes = fieldNameBytes(line);
  assert.equal(fieldName(line, nameBytes), 'x-some');
  assert.equal(fieldValue(line, nameBytes), 'a: b');
});

test('findContradiction() finds two lengths, and chunks in HTTP/1.0', () => {
  assert.equal(findContradiction({ ...plain, isChunked: true, contentLength: 0 }, 1), 'two-lengths');
  assert.equal(findContradiction({ ...plain, isChunked: true }, 0), 'transfer-coding');
  assert.equal(findContradiction({ ...plain, isChunked: true }, 1), undefined);
  assert.equal(findContradiction({ ...plain, contentLength: 1 }, 0), undefined);
});

test('isPersistent() follows RFC 9112 §9.3', () => {
  const close = { ...plain, hasClose: true };
  const keepAlive = { ...plain, hasKeepAlive: true };
  const both = { ...close, hasKeepAlive: true };
  assert.deepEqual(
    [plain, close, keepAlive, both].map((fields) => [isPersistent(fields, 1), isPersistent(fields, 0)]),
    [
      [true, false],
      [false, false],
      [true, true],
      [false, false],
    ],
  );
});
