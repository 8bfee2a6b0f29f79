import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCliRunner } from '../../../support/cli-runner.ts';
import { createRecordingTerminal } from '../../../support/recording-terminal.ts';

const one = '{"level":30,"time":0,"msg":"one"}';
const two = '{"level":30,"time":0,"msg":"two"}';

test("tp logs shows the daemon's log, which needs no daemon", async (t) => {
  const { tp, folder } = await createCliRunner(t, null);
  assert.deepEqual(await tp('logs'), { exitCode: 0, stdout: '', stderr: '' });
  const logFile = join(folder, 'daemon.log');
  await writeFile(logFile, `${one}\n${two}\n`);
  assert.equal((await tp('logs', '--tail', '1')).stdout, '1970-01-01T00:00:00.000Z INFO  two\n');
  assert.deepEqual(JSON.parse((await tp('logs', '-o', 'json')).stdout), { logFile, lines: [one, two] });
});

test('tp logs -f goes on until it is interrupted', async (t) => {
  const { tpWith, folder, signal } = await createCliRunner(t, null);
  const logFile = join(folder, 'daemon.log');
  await writeFile(logFile, `${one}\n`);
  const stdout = createRecordingTerminal();
  const following = tpWith({ stdout }, 'logs', '-f');
  await writeFile(logFile, `${two}\n`, { flag: 'a' });
  while (!stdout.text.includes('two')) await new Promise((resolve) => setImmediate(resolve));
  signal('SIGINT');
  assert.deepEqual(await following, {
    exitCode: 0,
    stdout: '1970-01-01T00:00:00.000Z INFO  one\n1970-01-01T00:00:00.000Z INFO  two\n',
    stderr: '',
  });
});

test('tp logs NAME shows what the agents say', async (t) => {
  let tailLines: number | undefined;
  const logs = [
    { pod: 'web-1', text: `${one}\n\n` },
    { pod: 'web-2', text: 'no JSON\n' },
  ];
  const { tp } = await createCliRunner(t, {
    'agent-logs': (request) => {
      tailLines = request.tailLines;
      return Promise.resolve({ result: { logs } });
    },
  });
  assert.equal(
    (await tp('logs', 'web', '--tail', '7')).stdout,
    'web-1: 1970-01-01T00:00:00.000Z INFO  one\nweb-2: no JSON\n',
  );
  assert.equal(tailLines, 7);
  assert.deepEqual(JSON.parse((await tp('logs', 'web', '-o', 'json')).stdout), { logs });
});

test('tp logs NAME -f shows lines as they come', async (t) => {
  const { tp } = await createCliRunner(t, {
    'agent-logs': async ({ follow }, { onEvent }) => {
      assert.equal(follow, true);
      await onEvent({ pod: 'web-1', line: one });
      await onEvent({ pod: 'web-2', line: two });
      return { result: { logs: [] } };
    },
  });
  assert.equal(
    (await tp('logs', 'web', '-f')).stdout,
    'web-1: 1970-01-01T00:00:00.000Z INFO  one\nweb-2: 1970-01-01T00:00:00.000Z INFO  two\n',
  );
});

test('a log is followed only as text', async (t) => {
  const { tp } = await createCliRunner(t, null);
  const { exitCode, stderr } = await tp('logs', '-f', '-o', 'json');
  assert.equal(exitCode, 2);
  assert.match(stderr, /A log can be followed only as text/);
});
