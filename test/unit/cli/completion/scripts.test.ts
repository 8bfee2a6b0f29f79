import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { completionScript, shells } from '../../../../cli/completion/scripts.ts';
import { createTemporaryFolder } from '../../../support/temporary-folder.ts';

/** How each shell reads a script without running it. */
const syntaxChecks = {
  bash: ['bash', '-n'],
  zsh: ['zsh', '-n'],
  fish: ['fish', '--no-execute'],
  powershell: ['pwsh', '-NoProfile', '-File'],
} as const;

for (const shell of shells) {
  const [program, ...options] = syntaxChecks[shell];
  const isMissing = spawnSync(program, ['-c', 'exit']).error !== undefined;
  test(
    `the script for ${shell} is one`,
    { skip: isMissing ? `${program} is not installed` : false },
    async (t) => {
      const extension = shell === 'powershell' ? 'ps1' : shell;
      const file = join(await createTemporaryFolder(t), `tp.${extension}`);
      await writeFile(file, completionScript(shell));
      const { status, stderr } = spawnSync(program, [...options, file], { encoding: 'utf8' });
      assert.deepEqual([status, stderr], [0, '']);
    },
  );
}

test('no script keeps the escapes that only the source needs', () => {
  for (const shell of shells) assert.doesNotMatch(completionScript(shell), /\\\$\{|\\`/);
});

/** What bash would offer for `line`, with a `tp` that answers as `answer` says and keeps the words it got. */
async function completeInBash(
  folder: string,
  line: string,
  answer: string,
): Promise<{ words: string[]; reply: string[] }> {
  const tp = join(folder, 'tp');
  await writeFile(tp, `#!/bin/sh\nprintf '%s\\n' "$@" > ${folder}/words\nprintf %b '${answer}'\n`);
  await chmod(tp, 0o755);
  await writeFile(join(folder, 'script'), completionScript('bash'));
  const script = `cd ${folder}; . ./script; COMP_LINE='${line}' COMP_POINT=${line.length}; _tp; printf '%s\\n' "\${COMPREPLY[@]}"; echo; cat words`;
  const output = execFileSync('bash', ['--norc', '-c', script], {
    encoding: 'utf8',
    env: { PATH: `${folder}:/usr/bin:/bin` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [reply = '', words = ''] = output.split('\n\n');
  return { words: words.trimEnd().split('\n'), reply: reply.split('\n').filter((value) => value !== '') };
}

test('bash asks with the words as they were typed', async (t) => {
  const folder = await createTemporaryFolder(t);
  const { words, reply } = await completeInBash(
    folder,
    'tp intercept w',
    'web\\tService\\nworker\\tService\\n',
  );
  assert.deepEqual(words, ['__complete', '--', 'intercept', 'w']);
  assert.deepEqual(reply, ['web', 'worker']);
});

test('bash asks with an empty word after a blank', async (t) => {
  const folder = await createTemporaryFolder(t);
  const { words } = await completeInBash(folder, 'tp leave ', 'web\\t\\n');
  assert.deepEqual(
    words,
    ['__complete', '--', 'leave'],
    'the last word is empty, and lost in the listing only',
  );
});

test('bash offers the part after a colon or equal sign, which is what it replaces', async (t) => {
  const folder = await createTemporaryFolder(t);
  const assigned = await completeInBash(folder, 'tp list --output=j', '--output=json\\t\\n');
  assert.deepEqual(assigned.words.at(-1), '--output=j');
  assert.deepEqual(assigned.reply, ['json']);
  const arn = await completeInBash(folder, 'tp --context arn:aws:e', 'arn:aws:eks\\tcontext\\n');
  assert.deepEqual(arn.reply, ['eks']);
});

test('bash completes files itself where tp asks for it', async (t) => {
  const folder = await createTemporaryFolder(t);
  await writeFile(join(folder, 'web.env'), '');
  const { reply } = await completeInBash(folder, 'tp intercept web --env-file web', ':files\\n');
  assert.deepEqual(reply, ['web.env']);
});
