import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertCommand, runCommand } from '../../../../cli/held/child.ts';
import { createSignals, type Signals } from '../../../../cli/held/signals.ts';
import { createTemporaryFolder } from '../../../support/temporary-folder.ts';

function createQuietSignals(source = new EventEmitter()): Signals {
  return createSignals({ source, exit: () => undefined, isForeground: () => false });
}

function run(
  script: string,
  environment: Record<string, string> = {},
  signals = createQuietSignals(),
): Promise<number> {
  const command = [process.execPath, '-e', script] as const;
  return runCommand({ command, environment, workingDirectory: '/', signals });
}

test('runCommand() returns the exit code of the program', async () => {
  assert.equal(await run('process.exit(0)'), 0);
  assert.equal(await run('process.exit(42)'), 42);
});

test('runCommand() gives the program its environment and folder, and nothing else', async () => {
  assert.equal(
    await run('process.exit(process.env.A === "1" && !process.env.PATH && process.cwd() === "/" ? 0 : 1)', {
      A: '1',
    }),
    0,
  );
});

test('runCommand() reports a signal as 128 and its number', async () => {
  assert.equal(await run('process.kill(process.pid, "SIGKILL")'), 137);
});

test('runCommand() hands signals on, and leaves no listener behind', async () => {
  const source = new EventEmitter();
  const signals = createQuietSignals(source);
  const listenersBefore = source.eventNames().length;
  const ended = run('setInterval(() => {}, 1000)', {}, signals);
  // The operating system keeps a signal that comes before the program has set itself up.
  source.emit('SIGUSR2', 'SIGUSR2');
  assert.equal(await ended, 128 + 12);
  assert.equal(source.eventNames().length, listenersBefore);
});

test('runCommand() tells that a program cannot be started', async () => {
  const options = { environment: {}, workingDirectory: '/', signals: createQuietSignals() };
  await assert.rejects(runCommand({ ...options, command: ['/nowhere/program'] }), {
    code: 'COMMAND_NOT_FOUND',
  });
});

test('assertCommand() finds programs in PATH and by path', async (t) => {
  const folder = await createTemporaryFolder(t);
  await writeFile(join(folder, 'tool'), '');
  await chmod(join(folder, 'tool'), 0o755);
  await writeFile(join(folder, 'text'), '');
  await assertCommand('tool', { PATH: `/nowhere:${folder}` }, '/');
  await assertCommand('./tool', {}, folder);
  await assertCommand(join(folder, 'tool'), {}, '/');
  for (const program of ['text', 'absent', './text', './absent'])
    await assert.rejects(assertCommand(program, { PATH: folder }, folder), { code: 'COMMAND_NOT_FOUND' });
});
