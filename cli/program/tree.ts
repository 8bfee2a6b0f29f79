/** Helpers that the definitions of the commands share, and what they add to commander's tree. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';

/** Runs what a command does: with its context, its errors shown, and its number as the exit code of the process. */
export type Invoke = (
  command: Command,
  body: (cli: CliContext) => Promise<void> | Promise<number>,
) => Promise<void>;

/** A command line that works, and what it is for. */
type Example = readonly [commandLine: string, purpose: string];

/** What a word on the command line can be completed with, besides what the tree itself tells. */
export type Completable = 'target' | 'intercept' | 'context' | 'file';

interface Traits {
  examples: readonly Example[];
  /** Takes a command after `--`. */
  takesCommand: boolean;
  /** What its argument is. */
  argument?: Completable | undefined;
}

const traits = new WeakMap<Command, Traits>();

/** Adds to a command what commander has no place for, and the examples to its help. */
export function describe(command: Command, described: Partial<Traits> & Pick<Traits, 'examples'>): Command {
  traits.set(command, { takesCommand: false, ...described });
  const examples = described.examples.map(([line, purpose]) => `  # ${purpose}\n  $ ${line}`);
  return command.addHelpText('after', `\nExamples:\n${examples.join('\n\n')}\n`);
}

export function traitsOf(command: Command): Traits {
  return traits.get(command) ?? { examples: [], takesCommand: false };
}

/** What the value of an option is completed with, by its long name; options with choices need no entry. */
export const completableOptions: Readonly<Record<string, Completable>> = {
  '--context': 'context',
  '--kubeconfig': 'file',
  '--env-file': 'file',
  '--env-json': 'file',
};
