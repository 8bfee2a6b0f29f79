/** Runs one command line: splits it, parses it, and turns what comes out into output and an exit code. */
import { CommanderError, type Command } from 'commander';
import { createError, raise, toToolError, type ToolError } from '../src/errors/index.ts';
import { createContext, type GlobalOptions, type Host } from './context.ts';
import { signalExitCode } from './held/signals.ts';
import { formatError } from './output/error.ts';
import { outputFormats, type OutputFormat } from './output/result.ts';
import { assertNodeVersion } from './node-version.ts';
import { coloursFor } from './output/terminal.ts';
import { createProgram } from './program/program.ts';
import { COMPLETE_COMMAND } from './program/tool-commands.ts';
import { traitsOf, type Invoke } from './program/tree.ts';

/**
 * @param words the command line after the program's own name
 * @returns the exit code of the process
 */
export async function run(words: readonly string[], host: Host): Promise<number> {
  const { own, rest } = splitCommandLine(words);
  let exitCode = 0;

  const invoke: Invoke = async (command, body) => {
    checkRest(command, rest);
    const [first, ...others] = rest ?? [];
    const options = command.optsWithGlobals<GlobalOptions>();
    exitCode =
      (await body(createContext(host, options, first === undefined ? undefined : [first, ...others]))) ?? 0;
  };

  try {
    assertNodeVersion(process.versions.node);
    const program = prepare(createProgram(invoke), host);
    if (own.length === 0) program.outputHelp();
    else await program.parseAsync(own, { from: 'user' });
    return exitCode;
  } catch (error) {
    return await fail(error, own, host);
  } finally {
    host.signals.dispose();
  }
}

/** Separates our words from those of the command after `--`, which are not ours to understand. */
function splitCommandLine(words: readonly string[]): { own: string[]; rest: string[] | undefined } {
  const at = words.indexOf('--');
  return at === -1
    ? { own: [...words], rest: undefined }
    : { own: words.slice(0, at), rest: words.slice(at + 1) };
}

function checkRest(command: Command, rest: readonly string[] | undefined): void {
  if (rest === undefined || command.name() === COMPLETE_COMMAND) return;
  if (!traitsOf(command).takesCommand)
    raise('USAGE_INVALID', { reason: `"tp ${command.name()}" takes no command after --` });
  if (rest.length === 0) raise('USAGE_INVALID', { reason: 'There is no command after --' });
}

/** Lets commander write to our streams and throw instead of ending the process, in all commands. */
function prepare(program: Command, { stdout, stderr }: Host): Command {
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      // Errors are shown in our own format.
      outputError: () => undefined,
      getOutHelpWidth: () => stdout.columns ?? 100,
      getOutHasColors: () => false,
    });
  }
  return program;
}

async function fail(error: unknown, own: readonly string[], host: Host): Promise<number> {
  const { signals, stderr, environment } = host;
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  if (signals.received !== undefined) {
    stderr.write(`tp: Interrupted by ${signals.received}\n`);
    return signalExitCode(signals.received);
  }
  const shown = error instanceof CommanderError ? toUsageError(error) : toToolError(error);
  stderr.write(
    await formatError(shown, {
      output: findOutputFormat(own),
      debug: own.includes('--debug'),
      colours: coloursFor(stderr, environment),
    }),
  );
  return shown.exitCode;
}

/** `error: unknown option '--prot'\n(Did you mean --port?)` becomes one sentence without the word that says nothing. */
function toUsageError({ message }: CommanderError): ToolError {
  const [first = '', ...hints] = message.replace(/^error: /, '').split('\n');
  const reason = [first, ...hints].join(' ').trim().replace(/\.$/, '');
  return createError('USAGE_INVALID', { reason: reason.charAt(0).toUpperCase() + reason.slice(1) });
}

/** An error of the parser needs the format that the parser has not told yet. */
function findOutputFormat(own: readonly string[]): OutputFormat {
  const named = own.flatMap((word, index) => {
    const attached = /^(?:-o|--output=)(.+)$/.exec(word)?.[1];
    return attached ?? (word === '-o' || word === '--output' ? (own[index + 1] ?? []) : []);
  });
  return outputFormats.find((format) => format === named.at(-1)) ?? 'text';
}
