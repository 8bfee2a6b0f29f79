import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../../../../cli/program/program.ts';
import { completableOptions, traitsOf } from '../../../../cli/program/tree.ts';

interface Parsed {
  command: string;
  options: Record<string, unknown>;
}

async function parse(...words: string[]): Promise<Parsed> {
  let parsed: Parsed | undefined;
  const program = createProgram((command) => {
    parsed = { command: command.name(), options: command.optsWithGlobals() };
    return Promise.resolve();
  });
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({ outputError: () => undefined });
  await program.parseAsync(words, { from: 'user' });
  assert.ok(parsed !== undefined);
  return parsed;
}

const program: Command = createProgram(() => Promise.resolve());
const commands = program.commands.filter((command) => !command.name().startsWith('_'));

/** Splits an example as a shell would; our examples quote nothing. */
function wordsOf(line: string): string[] {
  const own = line.replace(/^source <\((.*)\)$/, '$1').split(/ (?:&&|\||>|--) /)[0] ?? '';
  return own.split(' ');
}

for (const command of commands) {
  const { examples, argument } = traitsOf(command);
  test(`tp ${command.name()} has a summary, a description and examples that parse`, async () => {
    assert.match(command.summary(), /^[A-Z][^.]+$/);
    assert.match(command.description(), /^[A-Z][^]+\.$/);
    assert.ok(examples.length > 0);
    for (const [line] of examples) {
      const [name, ...words] = wordsOf(line);
      assert.equal(name, 'tp');
      assert.equal((await parse(...words)).command, command.name(), line);
    }
  });
  test(`every option and argument of tp ${command.name()} has a description`, () => {
    for (const { flags, description } of command.options) assert.match(description, /^\S.+[^.]$/, flags);
    for (const registered of command.registeredArguments)
      assert.notEqual(registered.description, '', registered.name());
    if (argument !== undefined) assert.equal(command.registeredArguments.length, 1);
  });
}

test('global options stand before or after the command', async () => {
  const expected = { output: 'json', namespace: 'shop', context: 'c', kubeconfig: ['a', 'b'] };
  const globals = ['-o', 'json', '-n', 'shop', '--context', 'c', '--kubeconfig', 'a', '--kubeconfig', 'b'];
  assert.deepEqual((await parse(...globals, 'list')).options, expected);
  assert.deepEqual((await parse('list', ...globals)).options, expected);
});

test('tp intercept has the defaults that docs/CLI.md tells', async () => {
  assert.deepEqual((await parse('intercept', 'web', '-p', '8080:http', '-p', '9090')).options, {
    output: 'text',
    port: [{ localPort: 8080, remote: 'http' }, { localPort: 9090 }],
    address: '127.0.0.1',
    attach: 'sidecar',
    redirect: 'auto',
    envSyntax: 'docker',
    timeout: 300,
  });
});

test('every option whose value can be completed exists', () => {
  const known = new Set([program, ...commands].flatMap(({ options }) => options.map(({ long }) => long)));
  for (const name of Object.keys(completableOptions)) assert.ok(known.has(name), name);
});
