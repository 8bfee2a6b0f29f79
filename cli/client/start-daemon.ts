/**
 * Starts the daemon as a process of its own and waits until it answers. Two command lines that do so at once are no
 * problem: the daemon that binds the socket second ends, and both talk to the first.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import type { DaemonPaths } from '../../src/contract/index.ts';
import type { Clock } from '../../src/core/index.ts';
import { raise } from '../../src/errors/index.ts';

/** A start takes half a second; on a machine under load ten times that. */
const START_TIMEOUT_MS = 15_000;
const POLL_MS = 20;
/** At a start a larger log becomes `daemon.log.1`, so that two of them are all there is. */
const LOG_LIMIT_BYTES: number = 10 * 1024 * 1024;
/** So much of the log's end is looked at for the reason of a failed start. */
const LOG_TAIL_BYTES = 4096;

/** Variables of the caller that would make a debugger or tracer attach to the daemon too. */
const notInherited: ReadonlySet<string> = new Set([
  'NODE_OPTIONS',
  'NODE_INSPECT_RESUME_ON_START',
  'VSCODE_INSPECTOR_OPTIONS',
]);

export interface StartOptions {
  /** The daemon's program, for `process.execPath`. */
  program: string;
  paths: DaemonPaths;
  environment: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  signal: AbortSignal;
  /** Tells whether a daemon answers, ours or another one. */
  isAnswering: () => Promise<boolean>;
}

/** @throws {DAEMON_START_FAILED} when the process ends, or does not answer within {@link START_TIMEOUT_MS} */
export async function startDaemon({
  program,
  paths,
  environment,
  clock,
  signal,
  isAnswering,
}: StartOptions): Promise<void> {
  const { child, logOffset } = await spawnDaemon(program, paths, environment);
  let ending: string | undefined;
  child.once('exit', (code, killedBy) => {
    ending = killedBy === null ? `it ended with exit code ${String(code)}` : `it was ended by ${killedBy}`;
  });
  child.once('error', (error) => {
    ending = error.message;
  });
  const deadlineMs = clock.monotonicMs() + START_TIMEOUT_MS;
  for (;;) {
    // Read first: the daemon of another command line may answer although ours has ended.
    const endedBefore = ending;
    if (await isAnswering()) break;
    if (endedBefore !== undefined) await fail(endedBefore);
    if (clock.monotonicMs() > deadlineMs)
      await fail(`it does not answer within ${START_TIMEOUT_MS / 1000} s`);
    await clock.sleep(POLL_MS, { signal });
  }

  async function fail(reason: string): Promise<never> {
    const lastLine = await readLastLine(paths.logFile, logOffset);
    raise('DAEMON_START_FAILED', {
      reason: lastLine === undefined ? reason : `${reason}: ${lastLine}`,
      log: paths.logFile,
    });
  }
}

async function spawnDaemon(
  program: string,
  paths: DaemonPaths,
  environment: StartOptions['environment'],
): Promise<{ child: ChildProcess; logOffset: number }> {
  await mkdir(paths.directory, { recursive: true, mode: 0o700 });
  const oldLog = await stat(paths.logFile).catch(() => undefined);
  if (oldLog !== undefined && oldLog.size > LOG_LIMIT_BYTES)
    await rename(paths.logFile, `${paths.logFile}.1`);
  const log = await open(paths.logFile, 'a', 0o600);
  try {
    const { size: logOffset } = await log.stat();
    const child = spawn(process.execPath, [program], {
      // Its own session: a Ctrl-C at the terminal must not reach it. Its own folder: it must not pin the caller's.
      detached: true,
      cwd: paths.directory,
      stdio: ['ignore', log.fd, log.fd],
      env: {
        ...Object.fromEntries(Object.entries(environment).filter(([name]) => !notInherited.has(name))),
        TP_HOME: paths.directory,
      },
    });
    child.unref();
    return { child, logOffset };
  } finally {
    await log.close();
  }
}

/** The last line that came into the log after `offset`; of a structured one its message. */
async function readLastLine(path: string, offset: number): Promise<string | undefined> {
  const log = await open(path, 'r');
  try {
    const { size } = await log.stat();
    const start = Math.max(offset, size - LOG_TAIL_BYTES);
    const { buffer, bytesRead } = await log.read({
      buffer: Buffer.alloc(LOG_TAIL_BYTES),
      position: start,
    });
    const lines = buffer.subarray(0, bytesRead).toString('utf8').trim().split('\n');
    const line = lines.at(-1);
    return line === undefined || line === '' ? undefined : messageOf(line);
  } finally {
    await log.close();
  }
}

function messageOf(line: string): string {
  try {
    const { msg, message } = JSON.parse(line) as { msg?: unknown; message?: unknown };
    return typeof msg === 'string' ? msg : typeof message === 'string' ? message : line;
  } catch {
    return line;
  }
}
