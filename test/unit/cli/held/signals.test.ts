import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { createSignals, signalExitCode, type Signals } from '../../../../cli/held/signals.ts';

interface Setup {
  source: EventEmitter;
  signals: Signals;
  exits: number[];
  send: (signal: NodeJS.Signals) => void;
}

function setUp({ isForeground = false } = {}): Setup {
  const source = new EventEmitter();
  const exits: number[] = [];
  const signals = createSignals({
    source,
    exit: (code) => exits.push(code),
    isForeground: () => isForeground,
  });
  return { source, signals, exits, send: (signal) => source.emit(signal, signal) };
}

test('the first signal interrupts, the second ends the process', () => {
  const { signals, exits, send } = setUp();
  assert.equal(signals.interrupted.aborted, false);
  send('SIGINT');
  assert.equal(signals.interrupted.aborted, true);
  assert.equal(signals.received, 'SIGINT');
  assert.deepEqual(exits, []);
  send('SIGTERM');
  assert.deepEqual(exits, [143]);
});

test('forward() hands all signals on, and none interrupts', () => {
  const { signals, send } = setUp();
  const sent: string[] = [];
  const stop = signals.forward((signal) => sent.push(signal));
  const all = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;
  for (const signal of all) send(signal);
  assert.deepEqual(sent, all);
  assert.equal(signals.interrupted.aborted, false);
  stop();
  send('SIGTERM');
  assert.equal(sent.length, all.length);
  assert.equal(signals.received, 'SIGTERM');
});

test('forward() leaves out what a terminal sends to the child as well', () => {
  const { signals, send } = setUp({ isForeground: true });
  const sent: string[] = [];
  signals.forward((signal) => sent.push(signal));
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGWINCH', 'SIGTERM', 'SIGHUP'] as const) send(signal);
  assert.deepEqual(sent, ['SIGTERM', 'SIGHUP']);
  assert.equal(signals.interrupted.aborted, false, 'Ctrl-C must not end us before the child');
});

test('dispose() takes back every listener', () => {
  const { source, signals } = setUp();
  signals.forward(() => undefined);
  signals.dispose();
  assert.deepEqual(source.eventNames(), []);
});

test('signalExitCode() is what a shell reports', () => {
  assert.equal(signalExitCode('SIGINT'), 130);
  assert.equal(signalExitCode('SIGKILL'), 137);
});

const modulePath = new URL('../../../../cli/held/signals.js', import.meta.url).href;
const ask = `const { isForegroundJob } = await import('${modulePath}'); console.log(isForegroundJob())`;
const node = [process.execPath, '--input-type=module', '-e', ask] as const;
const isMissing = process.platform !== 'linux' || spawnSync('script', ['--version']).status !== 0;

test(
  'isForegroundJob() tells a job of a terminal from a process without one',
  { skip: isMissing ? 'needs Linux and script (util-linux)' : false },
  () => {
    const withoutTerminal = spawnSync('setsid', ['--wait', ...node], { encoding: 'utf8' });
    assert.equal(withoutTerminal.stdout, 'false\n');
    const command = node.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
    const inTerminal = spawnSync('script', ['--quiet', '--command', command, '/dev/null'], {
      encoding: 'utf8',
    });
    assert.match(inTerminal.stdout, /true/);
  },
);
