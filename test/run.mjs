// Runs compiled tests: node test/run.mjs [--only PATTERN] SUITE...
//
//   SUITE           a folder of test/
//   --only PATTERN  only the test files whose path matches this regular expression
//
// No test at all is a failure: given a directory, the runner of Node 20 finds nothing and succeeds. The sources are
// listed, not the output, where files stay whose source is gone. The last line is always `N passed, N failed, N skipped`.
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from 'node:test';
import { parseArgs } from 'node:util';
import { report, totals } from './report.mjs';

/** For one file, in milliseconds. None takes a tenth of it; without a limit one that hangs would hang the gate. */
const FILE_TIMEOUT_MS = 300_000;

const { values: options, positionals: suites } = parseArgs({
  options: { only: { type: 'string', default: '' } },
  allowPositionals: true,
});

async function testFiles(suite) {
  const folder = join('test', suite);
  const pattern = new RegExp(options.only);
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  return entries
    .map((name) => join(folder, name))
    .filter((name) => name.endsWith('.test.ts') && pattern.test(name))
    .map((name) => resolve('dist', name.replace(/\.ts$/, '.js')))
    .sort();
}

process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps`.trim();
const lists = await Promise.all(suites.map(testFiles));
const empty = suites.filter((_, index) => lists[index].length === 0);
const files = lists.flat();
let counts = { passed: 0, failed: 0, skipped: 0 };
if (empty.length === 0 || options.only !== '')
  counts = await report(run({ files, concurrency: availableParallelism(), timeout: FILE_TIMEOUT_MS }));
else console.error(`No test files in ${empty.map((suite) => join('test', suite)).join(', ')}`);
if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1;
console.log(totals(counts));
