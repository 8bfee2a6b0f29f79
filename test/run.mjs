// Runs the compiled tests of test/<suite>/ and fails when there are none: given a directory, the runner of Node 20 finds
// nothing and succeeds. The sources are listed, not the output, where files stay whose source is gone.
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const suites = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const files = [];
for (const suite of suites) {
  const folder = join('test', suite);
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const found = entries
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('dist', folder, name.replace(/\.ts$/, '.js')));
  if (found.length === 0) {
    console.error(`No test files in ${folder}`);
    process.exit(1);
  }
  files.push(...found.sort());
}

const child = spawn(process.execPath, ['--test', '--enable-source-maps', ...options, ...files], {
  stdio: 'inherit',
});
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
