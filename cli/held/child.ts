/** Runs the local process of `-- CMD`. */
import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, resolve } from 'node:path';
import { createError, raise } from '../../src/errors/index.ts';
import { signalExitCode, type Signals } from './signals.ts';

export interface CommandOptions {
  /** Program and arguments, as they stand after `--`. */
  command: readonly [string, ...string[]];
  environment: Record<string, string>;
  workingDirectory: string;
  signals: Signals;
}

/**
 * Starts the command with the caller's stdin, stdout and stderr, and hands it the signals until it ends.
 * @returns its exit code; 128 and the signal's number when a signal ended it
 * @throws {COMMAND_NOT_FOUND}
 */
export function runCommand({
  command,
  environment,
  workingDirectory,
  signals,
}: CommandOptions): Promise<number> {
  const [program, ...rest] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { stdio: 'inherit', env: environment, cwd: workingDirectory });
    // Same process group as ours, so that the terminal treats both as one job.
    const stopForwarding = signals.forward((signal) => child.kill(signal));
    child.once('error', (error) => {
      stopForwarding();
      reject(createError('COMMAND_NOT_FOUND', { command: program, reason: error.message }, { cause: error }));
    });
    child.once('exit', (code, signal) => {
      stopForwarding();
      resolve(signal === null ? (code ?? 0) : signalExitCode(signal));
    });
  });
}

/**
 * Checks that the command can be started, before anything is changed for it.
 * @throws {COMMAND_NOT_FOUND}
 */
export async function assertCommand(
  program: string,
  environment: Readonly<Record<string, string | undefined>>,
  workingDirectory: string,
): Promise<void> {
  // There the system adds extensions and folders of its own.
  if (process.platform === 'win32') return;
  const folders = program.includes('/') ? [''] : (environment['PATH'] ?? '').split(delimiter);
  for (const folder of folders) {
    const isFound = await access(resolve(workingDirectory, folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isFound) return;
  }
  const reason = program.includes('/') ? 'it is no program that you may run' : 'PATH has no such program';
  raise('COMMAND_NOT_FOUND', { command: program, reason });
}
