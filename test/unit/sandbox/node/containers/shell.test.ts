import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { quoteWords } from '../../../../../src/sandbox/node/containers/shell.ts';

test('a shell reads back what quoteWords() was given', () => {
  const words = ['plain', '', "it's", '$(id) `id` "x"', 'a\nb', '*', '~', '-n', 'ü'];
  const output = execFileSync('sh', ['-c', `printf '%s\\0' ${quoteWords(words)}`], { encoding: 'utf8' });
  assert.deepEqual(output.split('\0').slice(0, -1), words);
});
