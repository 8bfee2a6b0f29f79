import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { createCliSandbox, kill, tpProgram } from '../../support/cli-process.ts';

const intercept = ['intercept', 'web', '--port', '8080', '--'];
/** A local process that says when it is there and which signals it got, and ends when its stdin does. */
const patient = [
  process.execPath,
  '-e',
  `for (const s of ['SIGINT', 'SIGHUP', 'SIGUSR2', 'SIGWINCH']) process.on(s, () => console.log('got ' + s));
   process.stdin.on('end', () => process.exit(9)).resume();
   console.log('started ' + process.pid);`,
];

test('the local process has the environment of container, caller and proxy, and its exit code is ours', async (t) => {
  const { tp, events } = await createCliSandbox(t);
  const names = ['DATABASE', 'ALL_PROXY', 'TP_INTERCEPT', 'TP_PROXY', 'TP_TEST_EVENTS'];
  const script = `for (const n of ${JSON.stringify(names)}) console.log(n + '=' + process.env[n]); process.exit(42)`;
  const run = tp(...intercept, process.execPath, '-e', script);
  assert.equal(await run.exit, 42);
  assert.match(run.output, /^DATABASE=db:5432\nALL_PROXY=socks5h:\/\/127\.0\.0\.1:41080\nTP_INTERCEPT=web$/m);
  assert.match(run.output, /^TP_PROXY=127\.0\.0\.1:41080\nTP_TEST_EVENTS=\/.*events$/m);
  assert.deepEqual((await events()).slice(1), ['held-intercept', 'leave', 'released-intercept']);
});

test('stdout belongs to the local process', async (t) => {
  const { tp } = await createCliSandbox(t);
  const run = tp('-o', 'json', ...intercept, process.execPath, '-e', 'console.log("mine")');
  let stdout = '';
  run.process.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  assert.equal(await run.exit, 0);
  assert.equal(stdout, 'mine\n');
  assert.match(run.output, /"workload": "deploy\/web"/);
});

test('signals go to the local process, and its end by one is told by the exit code', async (t) => {
  const { tp, waitForEvent } = await createCliSandbox(t);
  const run = tp(...intercept, ...patient);
  await run.waitFor(/started/);
  for (const signal of ['SIGHUP', 'SIGUSR2', 'SIGWINCH', 'SIGINT'] as const) {
    run.process.kill(signal);
    await run.waitFor(new RegExp(`got ${signal}`));
  }
  run.process.kill('SIGTERM');
  assert.equal(await run.exit, 143);
  await waitForEvent('released-intercept');
});

test('a local process that ends in its own way after a signal keeps its exit code', async (t) => {
  const { tp } = await createCliSandbox(t);
  const script =
    'process.on("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1000); console.log("started")';
  const run = tp(...intercept, process.execPath, '-e', script);
  await run.waitFor(/started/);
  run.process.kill('SIGTERM');
  assert.equal(await run.exit, 7);
});

const hasScript = spawnSync('script', ['--version']).status === 0;
test(
  'Ctrl-C at a terminal reaches the local process once, and does not end tp before it',
  { skip: hasScript ? false : 'script (util-linux) is not installed' },
  async (t) => {
    const { start, folder } = await createCliSandbox(t);
    const local =
      'let n = 0; process.on("SIGINT", () => console.log("got " + ++n)); process.stdin.on("data", () => process.exit(10 + n)); console.log("started")';
    const words = [process.execPath, tpProgram, ...intercept, process.execPath, '-e', local];
    // Without exec some shells stay between, and Ctrl-C ends them.
    const line = `exec ${words.map((word) => `'${word}'`).join(' ')}`;
    const terminal = start('script', '--quiet', '--return', '--command', line, `${folder}/typescript`);
    await terminal.waitFor(/started/);
    terminal.process.stdin.write('\u0003');
    await terminal.waitFor(/got 1/);
    terminal.process.stdin.write('end\n');
    assert.equal(await terminal.exit, 11);
  },
);

test('kill -9 of tp ends the intercept', async (t) => {
  const { tp, waitForEvent, events } = await createCliSandbox(t);
  const run = tp(...intercept, ...patient);
  await run.waitFor(/started/);
  run.process.kill('SIGKILL');
  await waitForEvent('released-intercept');
  assert.ok(!(await events()).includes('leave'), 'the closed connection alone has done it');
  run.process.stdin.end();
});

for (const [what, words, name] of [
  ['intercept', intercept, 'The intercept of web'],
  ['connect', ['connect', '--'], 'The connection'],
] as const)
  test(`the local process of tp ${what} survives kill -9 of the daemon, and what was held comes back`, async (t) => {
    const { tp, waitForEvent, daemonPids } = await createCliSandbox(t);
    const run = tp(...words, ...patient);
    await run.waitFor(/started/);
    const [pid = 0] = await daemonPids();
    kill(pid);
    await run.waitFor(new RegExp(`${name} is interrupted: the daemon is gone. The local process goes on`));
    await run.waitFor(new RegExp(`${name} is back`));
    await run.waitFor(/The proxy has moved from 127\.0\.0\.1:41080 to 127\.0\.0\.1:41081/);
    await waitForEvent(`held-${what}`, 2);
    assert.equal((await daemonPids()).length, 2);
    run.process.stdin.end();
    assert.equal(await run.exit, 9);
    await waitForEvent(`released-${what}`);
  });

test('the local process goes on when the intercept is left elsewhere', async (t) => {
  const { tp } = await createCliSandbox(t);
  const run = tp(...intercept, ...patient);
  await run.waitFor(/started/);
  assert.equal(await tp('leave', 'web').exit, 0);
  await run.waitFor(/The intercept of web was ended by tp leave or tp quit/);
  run.process.stdin.end();
  assert.equal(await run.exit, 9);
});

test('a held connection lasts as long as its local process', async (t) => {
  const { tp, waitForEvent } = await createCliSandbox(t);
  const run = tp('connect', '--', ...patient);
  await run.waitFor(/started/);
  run.process.stdin.end();
  assert.equal(await run.exit, 9);
  await waitForEvent('released-connect');
});
