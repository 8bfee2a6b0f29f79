/** Runs command lines inside the test's process, against a fake daemon on a real unix socket. */
import { EventEmitter } from 'node:events';
import type { TestContext } from 'node:test';
import type { Host } from '../../cli/context.ts';
import { createSignals } from '../../cli/held/signals.ts';
import { run } from '../../cli/run.ts';
import { daemonPaths } from '../../src/contract/index.ts';
import { nullLogger, systemClock } from '../../src/core/index.ts';
import { startApiServer, type OperationHandlers } from '../../src/daemon/api-server.ts';
import { createFakeOperations } from './fake-operations.ts';
import { createRecordingTerminal, type RecordingTerminal } from './recording-terminal.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

export interface CliRun {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface CliRunner {
  /** Runs `tp` with these words. */
  tp: (...words: string[]) => Promise<CliRun>;
  /** The same with other traits of the host. */
  tpWith: (host: Partial<Host>, ...words: string[]) => Promise<CliRun>;
  /** Folder of the daemon's files; the commands' working directory too. */
  folder: string;
  /** Delivers a signal to the commands that run. */
  signal: (name: NodeJS.Signals) => void;
  /** Signals that somebody still listens to. */
  listeningSignals: () => unknown[];
}

/** @param handlers operations of a daemon; null: none runs, and none can be started */
export async function createCliRunner(
  t: TestContext,
  handlers: Partial<OperationHandlers> | null = {},
): Promise<CliRunner> {
  const folder = await createTemporaryFolder(t);
  const environment = { TP_HOME: folder, PATH: process.env['PATH'], HOME: folder };
  if (handlers !== null) {
    const server = await startApiServer({
      socketPath: daemonPaths(environment).socket,
      operations: createFakeOperations(handlers),
      logger: nullLogger,
    });
    t.after(() => server.close());
  }
  const source = new EventEmitter();

  async function tpWith(host: Partial<Host>, ...words: string[]): Promise<CliRun> {
    const stdout = createRecordingTerminal();
    const stderr = createRecordingTerminal();
    const exitCode = await run(words, {
      environment,
      workingDirectory: folder,
      stdout,
      stderr,
      clock: systemClock,
      daemonProgram: '/nowhere/daemon.mjs',
      signals: createSignals({ source, exit: () => undefined, isForeground: () => false }),
      ...host,
    });
    return { exitCode, stdout: textOf(host.stdout ?? stdout), stderr: textOf(host.stderr ?? stderr) };
  }

  return {
    folder,
    tpWith,
    tp: (...words) => tpWith({}, ...words),
    signal: (name) => source.emit(name, name),
    listeningSignals: () => source.eventNames(),
  };
}

function textOf(stream: Host['stdout']): string {
  return (stream as RecordingTerminal).text;
}
