import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatEnvironment } from '../../../../cli/environment/syntaxes.ts';
import { createTemporaryFolder } from '../../../support/temporary-folder.ts';

/** Anything an environment can hold: no NUL, and nothing that is not Unicode. */
const value = fc.string({ unit: 'binary', maxLength: 200 }).filter((text) => !text.includes('\0'));
const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{3,20}$/).map((text) => `T_${text}`);
const variables = fc.dictionary(name, value, { minKeys: 1, maxKeys: 40 });
const printEnvironment = 'process.stdout.write(JSON.stringify(process.env))';

/** What a shell has in its environment after it has read `text`. */
function readInShell(shell: string, folder: string, text: string): Record<string, string> {
  const file = join(folder, 'env.sh');
  writeFileSync(file, text);
  const script = '. "$1"; exec "$2" -e "$3"';
  const output = execFileSync(shell, ['-c', script, 'sh', file, process.execPath, printEnvironment], {
    env: { LC_ALL: 'C.UTF-8' },
    // With a socket as its standard input, bash believes that rshd started it and reads ~/.bashrc.
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(output.toString('utf8')) as Record<string, string>;
}

function pick(from: Record<string, string>, names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((key) => [key, from[key] ?? '(unset)']));
}

for (const shell of ['sh', 'bash'])
  test(`every value survives being sourced by ${shell}`, async (t) => {
    const folder = await createTemporaryFolder(t);
    fc.assert(
      fc.property(variables, (expected) => {
        const { text, skipped } = formatEnvironment('sh', expected);
        assert.deepEqual(skipped, []);
        assert.deepEqual(pick(readInShell(shell, folder, text), Object.keys(expected)), { ...expected });
      }),
      { numRuns: 15 },
    );
  });

test('values that shells trip over survive', async (t) => {
  const expected = {
    T_QUOTES: `it's "quoted" \`here\` 'there'`,
    T_LINES: 'one\ntwo\r\nthree\n',
    T_EXPANSION: '$HOME ${HOME} $(id) !! ~ * \\ \\n',
    T_EMPTY: '',
    T_BLANKS: '  leading and trailing  ',
    T_DASH: '-n',
    T_CONTROL: '\u0001\u0081\u001b[31m',
  };
  const { text } = formatEnvironment('sh', expected);
  const read = readInShell('sh', await createTemporaryFolder(t), text);
  assert.deepEqual(pick(read, Object.keys(expected)), expected);
});

test('sh skips names that no shell can have, and says so', () => {
  const { text, skipped } = formatEnvironment('sh', { 'my.name': '1', 'my-name': '2', '1st': '3', OK: '4' });
  assert.equal(text, "export OK='4'\n");
  assert.deepEqual(
    skipped.map(({ name: skippedName }) => skippedName),
    ['1st', 'my-name', 'my.name'],
  );
});

test('docker has one line per variable, as it is, sorted', () => {
  const { text, skipped } = formatEnvironment('docker', { B: `"it's" $x `, A: '', 'my.name': '=' });
  assert.equal(text, `A=\nB="it's" $x \nmy.name==\n`);
  assert.deepEqual(skipped, []);
});

test('docker skips what its files cannot hold, and says why', () => {
  const { text, skipped } = formatEnvironment('docker', {
    KEY: '-----BEGIN\nabc',
    RETURN: 'abc\r',
    LONG: 'x'.repeat(64 * 1024 - 5),
    JUST_FITS: 'x'.repeat(64 * 1024 - 11),
    '#comment': '1',
  });
  assert.deepEqual(skipped, [
    { name: '#comment', reason: 'a docker env file cannot hold this name' },
    { name: 'KEY', reason: 'a docker env file cannot hold line breaks' },
    { name: 'LONG', reason: 'a docker env file cannot hold lines over 64 KiB' },
    { name: 'RETURN', reason: 'a docker env file cannot hold line breaks' },
  ]);
  assert.match(text, /^JUST_FITS=x+\n$/);
});

test('json holds everything', () => {
  fc.assert(
    fc.property(variables, (expected) => {
      assert.deepEqual(JSON.parse(formatEnvironment('json', expected).text), { ...expected });
    }),
    { numRuns: 30 },
  );
});

test('powershell doubles every character that it takes for a single quote', () => {
  const { text, skipped } = formatEnvironment('powershell', {
    A: `it's \u2018so\u2019 \u201a\u201b $x \`n`,
    'my.name': 'two\nlines',
    'bad}name': '1',
  });
  assert.equal(
    text,
    `$Env:A = 'it''s \u2018\u2018so\u2019\u2019 \u201a\u201a\u201b\u201b $x \`n'\n\${Env:my.name} = 'two\nlines'\n`,
  );
  assert.deepEqual(skipped, [{ name: 'bad}name', reason: 'PowerShell cannot have a variable of this name' }]);
});

const hasPowershell = spawnSync('pwsh', ['-Version']).status === 0;
test(
  'every value survives being sourced by PowerShell',
  { skip: hasPowershell ? false : 'pwsh is not installed' },
  async (t) => {
    const folder = await createTemporaryFolder(t);
    fc.assert(
      // An empty value removes a variable there.
      fc.property(
        fc.dictionary(
          name,
          value.filter((text) => text !== ''),
          { minKeys: 1, maxKeys: 40 },
        ),
        (expected) => {
          const file = join(folder, 'env.ps1');
          writeFileSync(file, formatEnvironment('powershell', expected).text);
          const output = execFileSync('pwsh', [
            '-NoProfile',
            '-Command',
            `. '${file}'; & '${process.execPath}' -e '${printEnvironment}'`,
          ]);
          const read = JSON.parse(output.toString('utf8')) as Record<string, string>;
          assert.deepEqual(pick(read, Object.keys(expected)), { ...expected });
        },
      ),
      { numRuns: 3 },
    );
  },
);
