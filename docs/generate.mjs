// Writes the reference pages that come from tables in the code. Tests compare the files with what this makes.
import { readFile, writeFile } from 'node:fs/promises';
import { renderCliPage } from '../dist/test/support/cli-page.js';
import { renderRbac } from '../dist/test/support/rbac-page.js';
import { renderErrors } from '../dist/test/support/reference-pages.js';

await writeFile(new URL('ERRORS.md', import.meta.url), renderErrors());
await writeFile(new URL('RBAC.md', import.meta.url), renderRbac());
const cliPage = new URL('CLI.md', import.meta.url);
await writeFile(cliPage, renderCliPage(await readFile(cliPage, 'utf8')));
