import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { renderCliPage } from '../../support/cli-page.ts';

test('docs/CLI.md is what the tree of commands says', async () => {
  const page = await readFile('docs/CLI.md', 'utf8');
  assert.equal(page, renderCliPage(page), 'run: npm run docs');
});

test('renderCliPage() tells which mark a page lacks', () => {
  assert.throws(() => renderCliPage('# Nothing\n'), /no mark "exit codes"/);
});
