import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createError } from '../../../src/errors/index.ts';
import { createCliRunner } from '../../support/cli-runner.ts';
import { createRecordingTerminal } from '../../support/recording-terminal.ts';
import { workingOperations } from '../../support/working-operations.ts';

test('an error has its exit code, and its text or object on stderr; stdout stays empty', async (t) => {
  const { tp } = await createCliRunner(t, {
    list: () => Promise.reject(createError('KUBECONFIG_CONTEXT_UNKNOWN', { context: 'x', known: ['a'] })),
    doctor: () => Promise.reject(createError('NAMESPACE_NOT_FOUND', { namespace: 'shop' })),
    leave: () => Promise.reject(new Error('oops')),
  });
  assert.deepEqual(await tp('list'), {
    exitCode: 3,
    stdout: '',
    stderr:
      'tp: Unknown context "x": the kubeconfig has a [KUBECONFIG_CONTEXT_UNKNOWN]\n    Name one of them with --context\n',
  });
  for (const words of [['-ojson'], ['-o', 'json'], ['--output=json'], ['--output', 'json']]) {
    const { exitCode, stdout, stderr } = await tp('doctor', 'web', ...words);
    assert.deepEqual([exitCode, stdout], [5, '']);
    const { error } = JSON.parse(stderr) as { error: { code: string } };
    assert.equal(error.code, 'NAMESPACE_NOT_FOUND');
  }
  assert.equal((await tp('leave', 'web')).exitCode, 70);
  assert.match((await tp('leave', 'web', '--debug')).stderr, /\n {4}at /);
});

for (const [line, message] of [
  ['frobnicate', /Unknown command 'frobnicate'/],
  ['lst', /Unknown command 'lst' \(Did you mean list\?\)/],
  ['list --prot', /Unknown option '--prot'/],
  ['list web', /Too many arguments/],
  ['leave', /Missing required argument 'name'/],
  ['list -o xml', /Allowed choices are text, json, yaml \[/],
  ['intercept web', /Say where the local process listens: --port LOCAL\[:REMOTE\]/],
  ['intercept web --prot 80', /Unknown option '--prot' \(Did you mean --port\?\)/],
  ['intercept web --port http', /Cannot read --port: "http" is not LOCAL/],
  ['intercept web -p 1 --attach webhook', /Allowed choices are sidecar/],
  ['list -- ls', /"tp list" takes no command after --/],
  ['connect --', /There is no command after --/],
  ['uninstall', /Name either a workload or --all/],
  ['uninstall web --all', /Name either a workload or --all/],
] as const)
  test(`"tp ${line}" is a usage error`, async (t) => {
    const { tp } = await createCliRunner(t, workingOperations);
    const { exitCode, stdout, stderr } = await tp(...line.split(' '));
    assert.deepEqual([exitCode, stdout], [2, '']);
    assert.match(stderr, message);
    assert.match(stderr, /^tp: .+ \[USAGE_INVALID(_OPTION)?\]\n {4}.+\n$/);
  });

test('tp alone and tp help print help', async (t) => {
  const { tp } = await createCliRunner(t, null);
  for (const words of [[], ['help'], ['--help']]) {
    const { exitCode, stdout, stderr } = await tp(...words);
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.match(stdout, /^Usage: tp <command> \[options\]\n/);
    assert.doesNotMatch(stdout, /__complete/);
  }
  const { stdout } = await tp('help', 'leave');
  assert.match(stdout, /Examples:\n {2}# End the intercept of web\n {2}\$ tp leave web\n/);
});

test('progress goes to stderr, and not where programs read', async (t) => {
  const { tp, tpWith } = await createCliRunner(t, {
    list: (_request, { onProgress }) => {
      onProgress({ step: 'a', message: 'Connecting' });
      return Promise.resolve({ result: [] });
    },
  });
  assert.equal((await tp('list')).stderr, 'Connecting\n');
  assert.equal((await tp('list', '-o', 'json')).stderr, '');
  const stderr = createRecordingTerminal({ isTTY: true });
  assert.match((await tpWith({ stderr }, 'list', '-o', 'json')).stderr, /Connecting/);
});

test('a daemon of another version is told, with the way out', async (t) => {
  const { tp } = await createCliRunner(t, {
    list: () => Promise.reject(createError('DAEMON_VERSION_MISMATCH', { daemon: '2.0.0', cli: '1.0.0' })),
  });
  const { exitCode, stderr } = await tp('list');
  assert.equal(exitCode, 4);
  assert.match(stderr, /\n {4}Run: tp quit, then the command again\n$/);
});

test('run() leaves no listener for signals behind', async (t) => {
  const runner = await createCliRunner(t, workingOperations);
  await runner.tp('list');
  await runner.tp('frobnicate');
  assert.deepEqual(runner.listeningSignals(), []);
});
