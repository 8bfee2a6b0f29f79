import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineReader } from '../../../../src/protocol/http1/line-reader.ts';

function createReader(limitBytes = 1000): LineReader {
  const lines = new LineReader();
  lines.beginSection(limitBytes);
  return lines;
}

test('LineReader gives a line of one chunk as a view, and where the next one starts', () => {
  const lines = createReader();
  const chunk = Buffer.from('one\r\ntwo\r\n');
  const line = lines.read(chunk, 0) as Buffer;
  assert.equal(line.toString(), 'one');
  assert.equal(line.buffer, chunk.buffer);
  assert.equal(lines.nextOffset, 5);
  assert.equal((lines.read(chunk, 5) as Buffer).toString(), 'two');
  assert.equal(lines.isWithinLine, false);
});

test('LineReader gives the same line, wherever it is cut', () => {
  const bytes = Buffer.from('some: line\r\nrest');
  for (let cut = 1; cut < 12; cut += 1) {
    const lines = createReader();
    assert.equal(lines.read(bytes.subarray(0, cut), 0), undefined);
    assert.equal(lines.isWithinLine, true);
    assert.deepEqual(lines.partialLine, bytes.subarray(0, cut));
    const rest = bytes.subarray(cut);
    assert.equal((lines.read(rest, 0) as Buffer).toString(), 'some: line');
    assert.equal(rest.subarray(lines.nextOffset).toString(), 'rest');
  }
});

test('LineReader gives a line that comes byte by byte, of any length', () => {
  const lines = createReader(10_000);
  for (const byte of Buffer.from('x'.repeat(5000) + '\r')) lines.read(Buffer.from([byte]), 0);
  assert.equal((lines.read(Buffer.from('\n'), 0) as Buffer).length, 5000);
});

test('LineReader keeps a copy, not the chunk', () => {
  const lines = createReader();
  const chunk = Buffer.from('begin');
  lines.read(chunk, 0);
  chunk.fill('x');
  assert.equal((lines.read(Buffer.from('ning\r\n'), 0) as Buffer).toString(), 'beginning');
});

for (const [name, text] of [
  ['a bare LF', 'a\nb\r\n'],
  ['a bare CR', 'a\rb\r\n'],
  ['CR CR LF', 'a\r\r\n'],
  ['a NUL', 'a\0b\r\n'],
  ['DEL', 'a\x7fb\r\n'],
  ['a vertical tab', 'a\x0bb\r\n'],
] as const)
  test(`LineReader refuses ${name} at any cut`, () => {
    const bytes = Buffer.from(text, 'latin1');
    for (let cut = 0; cut < bytes.length; cut += 1) {
      const lines = createReader();
      const early = cut === 0 ? undefined : lines.read(bytes.subarray(0, cut), 0);
      const late = early ?? lines.read(bytes.subarray(cut), 0);
      assert.equal(late, 'control-character', `cut at ${cut}`);
    }
  });

test('LineReader takes tabs and bytes above 127 as text', () => {
  const line = createReader().read(Buffer.from('a\tb\xff\r\n', 'latin1'), 0) as Buffer;
  assert.equal(line.toString('latin1'), 'a\tb\xff');
});

test('LineReader allows a section just its limit, line ends included', () => {
  const exact = createReader(5);
  assert.notEqual(exact.read(Buffer.from('abc\r\n'), 0), 'too-large');
  const over = createReader(4);
  assert.equal(over.read(Buffer.from('abc\r\n'), 0), 'too-large');
  const inParts = createReader(4);
  inParts.read(Buffer.from('ab'), 0);
  assert.equal(inParts.read(Buffer.from('c\r\n'), 0), 'too-large');
  const endless = createReader(4);
  assert.equal(endless.read(Buffer.from('abcde'), 0), 'too-large');
});
