/** Finds out what the last word of a command line can be, from the tree of commands alone. */
import type { Command, Option } from 'commander';
import { completableOptions, traitsOf, type Completable } from '../program/tree.ts';

export interface Candidate {
  value: string;
  description: string;
}

export interface Completion {
  /** Those that the tree knows and that start with the word. */
  candidates: Candidate[];
  /** What else the word can be, which only the cluster, the daemon or the file system knows. */
  wanted?: Completable | undefined;
  /** The start of the word that {@link Completion.wanted} has to match. */
  prefix: string;
  /** Options with values that stand on the line before, by long name. */
  values: ReadonlyMap<string, string[]>;
}

/** @param words the words after `tp`; the last one, maybe empty, is to be completed */
export function findCompletion(program: Command, words: readonly string[]): Completion {
  const line = readWords(program, words.slice(0, -1));
  const word = words.at(-1) ?? '';
  const { command, values } = line;
  const answer = (candidates: Candidate[], wanted?: Completable, prefix = word): Completion => ({
    candidates: candidates.filter(({ value }) => value.startsWith(word)),
    wanted,
    prefix,
    values,
  });

  if (line.isOver) return answer([], 'file');
  if (line.pending !== undefined) return answer(choicesOf(line.pending), wantedBy(line.pending));
  const assignment = /^(--[a-z-]+)=(.*)$/.exec(word);
  if (assignment !== null) {
    const option = findOption(command, assignment[1] ?? '');
    if (option === undefined) return answer([]);
    return answer(choicesOf(option, `${option.long ?? ''}=`), wantedBy(option), assignment[2]);
  }
  if (word.startsWith('-')) return answer(optionsOf(command).map(toCandidate));
  if (command === program) return answer(visibleCommands(program));
  if (line.arguments > 0) return answer([]);
  const [argument] = command.registeredArguments;
  return answer(
    (argument?.argChoices ?? []).map((value) => ({ value, description: '' })),
    traitsOf(command).argument,
  );
}

interface ReadLine {
  command: Command;
  /** How many arguments the command has got. */
  arguments: number;
  /** The option whose value comes next. */
  pending: Option | undefined;
  values: Map<string, string[]>;
  /** `--` has come: what follows is another program's. */
  isOver: boolean;
}

function readWords(program: Command, words: readonly string[]): ReadLine {
  const line: ReadLine = {
    command: program,
    arguments: 0,
    pending: undefined,
    values: new Map(),
    isOver: false,
  };
  for (const word of words) {
    if (line.pending !== undefined) {
      addValue(line, line.pending, word);
      line.pending = undefined;
    } else if (word === '--') line.isOver = true;
    else if (word.startsWith('-')) {
      const [name = '', value] = word.split('=', 2);
      const option = findOption(line.command, name);
      if (option?.required !== true) continue;
      if (value === undefined) line.pending = option;
      else addValue(line, option, value);
    } else if (line.command === program) {
      line.command = program.commands.find((command) => command.name() === word) ?? program;
    } else line.arguments += 1;
  }
  return line;
}

function addValue({ values }: ReadLine, option: Option, value: string): void {
  const name = option.long ?? '';
  values.set(name, [...(values.get(name) ?? []), value]);
}

/** The options of a command and those of every command. */
function optionsOf(command: Command): Option[] {
  const { parent } = command;
  return [...command.options, ...(parent?.options ?? [])].filter((option) => !option.hidden);
}

function findOption(command: Command, name: string): Option | undefined {
  return optionsOf(command).find((option) => option.long === name || option.short === name);
}

function toCandidate(option: Option): Candidate {
  return { value: option.long ?? option.flags, description: option.description };
}

function choicesOf(option: Option, prefix = ''): Candidate[] {
  return (option.argChoices ?? []).map((choice) => ({ value: prefix + choice, description: '' }));
}

function wantedBy(option: Option): Completable | undefined {
  return completableOptions[option.long ?? ''];
}

function visibleCommands(program: Command): Candidate[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((command) => ({ value: command.name(), description: command.summary() || command.description() }));
}
