import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { catalogue } from '../../../src/errors/index.ts';
import { renderErrors } from '../../support/reference-pages.ts';

async function sourceText(): Promise<string> {
  const texts: string[] = [];
  for (const folder of ['src', 'agent', 'cli']) {
    for (const name of await readdir(folder, { recursive: true })) {
      if (name.endsWith('.ts') && !name.endsWith('catalogue.ts'))
        texts.push(await readFile(join(folder, name), 'utf8'));
    }
  }
  return texts.join('\n');
}

test('docs/ERRORS.md is what the catalogue says', async () => {
  assert.equal(await readFile('docs/ERRORS.md', 'utf8'), renderErrors(), 'run: npm run docs');
});

test('codes are upper case with an area', () => {
  for (const code of Object.keys(catalogue)) assert.match(code, /^(INTERNAL|[A-Z]+(_[A-Z]+)+)$/);
});

test('messages are one line in sentence case without a full stop', () => {
  const page = renderErrors();
  for (const message of page.matchAll(/^> (.*)$/gm)) {
    assert.match(message[1] ?? '', /^["A-Z<].*[^.]$/);
    assert.doesNotMatch(message[1] ?? '', /undefined|\[object/);
  }
});

test('every code is raised somewhere', async () => {
  const text = await sourceText();
  const unused = Object.keys(catalogue).filter((code) => !text.includes(`'${code}'`));
  assert.deepEqual(unused, []);
});
