import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter } from '../../../../cli/client/line-splitter.ts';

test('LineSplitter finds the same lines wherever the chunks break', () => {
  const text = '{"a":1}\n\nzweite Zeile: äöü 🚀\nrest';
  const bytes = Buffer.from(text);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (cuts) => {
      const splitter = new LineSplitter({ limit: 100 });
      const lines: string[] = [];
      let from = 0;
      for (const to of [...cuts, bytes.length].sort((a, b) => a - b)) {
        lines.push(...(splitter.push(bytes.subarray(from, to)) ?? []));
        from = to;
      }
      assert.deepEqual([...lines, splitter.end()], text.split('\n'));
    }),
  );
});

test('LineSplitter gives up on a line over the limit, complete or not', () => {
  assert.deepEqual(new LineSplitter({ limit: 3 }).push(Buffer.from('abc\nabc')), ['abc']);
  assert.equal(new LineSplitter({ limit: 3 }).push(Buffer.from('abcd\n')), undefined);
  const splitter = new LineSplitter({ limit: 3 });
  assert.deepEqual(splitter.push(Buffer.from('ab')), []);
  assert.equal(splitter.push(Buffer.from('cd')), undefined);
});
