/** What every command gets: the caller's world, the options that all commands have, and the way to the daemon. */
import type { ConnectionSelector, Warning } from '../src/contract/index.ts';
import type { Clock } from '../src/core/index.ts';
import { createClient, type Client } from './client/client.ts';
import type { Signals } from './held/signals.ts';
import { formatNote } from './output/error.ts';
import { createProgressDisplay, silentProgress, type ProgressDisplay } from './output/progress.ts';
import { printResult, type OutputFormat } from './output/result.ts';
import { coloursFor, type Colours, type Terminal } from './output/terminal.ts';

/** The process around the command line; tests pass their own. */
export interface Host {
  environment: Readonly<Record<string, string | undefined>>;
  workingDirectory: string;
  stdout: Terminal;
  stderr: Terminal;
  clock: Clock;
  /** The daemon's program; started with `process.execPath`. */
  daemonProgram: string;
  signals: Signals;
}

/** Options of every command. */
export interface GlobalOptions {
  output: OutputFormat;
  debug?: boolean;
  namespace?: string;
  context?: string;
  kubeconfig?: string[];
}

export interface CliContext extends Host {
  options: GlobalOptions;
  /** What stands after `--`; undefined when nothing does. */
  command: readonly [string, ...string[]] | undefined;
  client: Client;
  /** The connection that the options mean. */
  connection: ConnectionSelector;
  /** Aborts when the user interrupts the command. */
  signal: AbortSignal;
  /** Writes the result to stdout, which belongs to the local process where there is one: then to stderr. */
  print(result: unknown, renderText: (colours: Colours) => string): Promise<void>;
  /** Writes something to stderr that the user should know. */
  note(note: Pick<Warning, 'message' | 'remedy'>): void;
  /** Runs `work` and shows what it waits for on stderr, unless programs read that. */
  withProgress<T>(work: (onProgress: ProgressDisplay['onProgress']) => Promise<T>): Promise<T>;
}

export function createContext(
  host: Host,
  options: GlobalOptions,
  command: CliContext['command'],
): CliContext {
  const { environment, workingDirectory, stdout, stderr, clock, signals } = host;
  const resultStream = command === undefined ? stdout : stderr;
  const isProgressShown = options.output === 'text' || stderr.isTTY === true;
  let client: Client | undefined;
  return {
    ...host,
    options,
    command,
    get client(): Client {
      client ??= createClient(host);
      return client;
    },
    connection: {
      context: options.context,
      namespace: options.namespace,
      kubeconfig: options.kubeconfig,
      environment: Object.fromEntries(
        Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
      workingDirectory,
    },
    signal: signals.interrupted,
    print: (result, renderText) =>
      printResult(resultStream, options.output, result, () =>
        renderText(coloursFor(resultStream, environment)),
      ),
    note(note): void {
      stderr.write(formatNote(note, coloursFor(stderr, environment)));
    },
    async withProgress(work) {
      const display = isProgressShown ? createProgressDisplay(stderr, clock) : silentProgress;
      try {
        return await work(display.onProgress);
      } finally {
        display.finish();
      }
    },
  };
}
