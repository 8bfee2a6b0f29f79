import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { operations, rightsTable } from '../../../src/intercepts/rights-table.ts';
import { renderRbac } from '../../support/rbac-page.ts';

test('docs/RBAC.md is what the table says', async () => {
  assert.equal(await readFile('docs/RBAC.md', 'utf8'), renderRbac(), 'run: npm run docs');
});

test('no operation asks twice for the same thing, unless it can do without once', () => {
  for (const operation of operations) {
    const required = rightsTable[operation].filter(({ otherwise }) => otherwise === undefined);
    const keys = required.map(({ group, resource, names, condition }) =>
      JSON.stringify([group, resource, names, condition]),
    );
    assert.equal(new Set(keys).size, keys.length, operation);
  }
});

test('the right to a name comes only with verbs that RBAC can tie to a name', () => {
  const rows = Object.values(rightsTable)
    .flat()
    .filter(({ names }) => names !== undefined);
  for (const { verbs } of rows) assert.ok(!verbs.some((verb) => ['create', 'list', 'watch'].includes(verb)));
});
