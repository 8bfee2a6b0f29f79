import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCompletion, type Completion } from '../../../../cli/completion/complete.ts';
import { createProgram } from '../../../../cli/program/program.ts';

const program = createProgram(() => Promise.resolve());

/** Completes the last word of `line`, which is empty after a blank. */
function complete(line: string): Completion {
  return findCompletion(program, line.split(' ').slice(1));
}

function values(line: string): string[] {
  return complete(line).candidates.map(({ value }) => value);
}

test('the first word is a command', () => {
  assert.deepEqual(values('tp l'), ['list', 'leave', 'logs']);
  const all = values('tp ');
  assert.ok(all.includes('intercept') && all.includes('help'));
  assert.ok(!all.some((name) => name.startsWith('_')), 'the hidden command stays hidden');
  assert.deepEqual(values('tp -o json v'), ['version']);
});

test('a command comes with what it does', () => {
  assert.deepEqual(complete('tp qui').candidates, [
    { value: 'quit', description: 'End connections and the daemon' },
  ]);
});

test('a dash asks for options, the command’s own and the global ones', () => {
  assert.deepEqual(values('tp intercept web --env'), ['--env-file', '--env-json', '--env-syntax']);
  assert.deepEqual(values('tp list --k'), ['--kubeconfig']);
  assert.deepEqual(values('tp --deb'), ['--debug']);
});

test('an option with choices offers them, as the next word and after an equal sign', () => {
  const redirects = ['auto', 'port-name', 'service', 'nftables'];
  assert.deepEqual(values('tp intercept web --redirect '), redirects);
  assert.deepEqual(values('tp intercept web --redirect p'), ['port-name']);
  assert.deepEqual(values('tp intercept web --redirect=s'), ['--redirect=service']);
  assert.deepEqual(values('tp -o '), ['text', 'json', 'yaml']);
  assert.deepEqual(values('tp --nonsense=a'), []);
});

test('arguments are completed with what they are, and only once', () => {
  assert.equal(complete('tp intercept ').wanted, 'target');
  assert.equal(complete('tp intercept --port 8080 we').wanted, 'target');
  assert.equal(complete('tp intercept --port 8080 we').prefix, 'we');
  assert.equal(complete('tp leave ').wanted, 'intercept');
  assert.equal(complete('tp intercept web ').wanted, undefined);
  assert.deepEqual(values('tp completion '), ['bash', 'zsh', 'fish', 'powershell']);
});

test('values of options are completed with what they are', () => {
  assert.equal(complete('tp --context ').wanted, 'context');
  assert.equal(complete('tp list --context=st').wanted, 'context');
  assert.equal(complete('tp list --context=st').prefix, 'st');
  assert.equal(complete('tp intercept web --env-file ').wanted, 'file');
  assert.equal(complete('tp intercept web --port ').wanted, undefined);
});

test('what follows -- are files', () => {
  assert.equal(complete('tp intercept web -p 8080 -- np').wanted, 'file');
});

test('options that stand before tell which cluster is meant', () => {
  const { values: given } = complete('tp -n shop --kubeconfig=a intercept --kubeconfig b ');
  assert.deepEqual(Object.fromEntries(given), { '--namespace': ['shop'], '--kubeconfig': ['a', 'b'] });
});
