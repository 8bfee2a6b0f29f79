import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAge, formatLines, formatTable, oneLine } from '../../../../cli/output/text.ts';

test('oneLine() lets nothing through that drives a terminal', () => {
  assert.equal(oneLine('a\u001b[31mb\r\nc\u0007\u009bd\u2028e\n'), 'a [31mb c d e');
  assert.equal(oneLine('  größer – 大'), '  größer – 大');
});

test('formatLines() ends each line', () => {
  assert.equal(formatLines(['a', 'b\nc']), 'a\nb c\n');
  assert.equal(formatLines([]), '');
});

test('formatTable() lays columns out as kubectl does', () => {
  assert.equal(
    formatTable(
      ['NAME', 'READY', 'NOTE'],
      [
        ['deploy/web', '1/2', ''],
        ['db', '', 'two\nlines'],
      ],
    ),
    ['NAME         READY   NOTE', 'deploy/web   1/2     -', 'db           -       two lines', ''].join('\n'),
  );
});

test('formatAge() takes the largest whole unit', () => {
  const now = Date.parse('2026-01-03T00:00:00Z');
  for (const [since, age] of [
    ['2026-01-02T23:59:55Z', '5s'],
    ['2026-01-02T23:58:01Z', '1m'],
    ['2026-01-02T21:00:00Z', '3h'],
    ['2026-01-01T00:00:00Z', '2d'],
    ['2026-01-03T00:00:09Z', '0s'],
  ] as const)
    assert.equal(formatAge(since, now), age);
});
