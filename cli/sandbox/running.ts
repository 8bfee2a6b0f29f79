/** Asks sandboxes for their state, starts them, and ends them. */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { mkdir, open, readdir, readFile, rm, rename, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import {
  sandboxesDirectory,
  sandboxPaths,
  type LoadedImages,
  type SandboxOrder,
  type SandboxReport,
  type SandboxState,
} from '../../src/contract/index.ts';
import type { Clock } from '../../src/core/index.ts';
import { createError, raise, type ErrorCode, type ErrorDetails } from '../../src/errors/index.ts';
import { sandboxPath } from './preflight.ts';

/** A start takes one to three seconds; on a machine under load ten times that. */
const START_TIMEOUT_MS = 60_000;
/** Its processes are killed: this is the time for the kernel to take the namespaces down. */
const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 20;

/** The state of the sandbox; undefined when it does not run. */
export function askState(home: string, name: string): Promise<SandboxState | undefined> {
  const { stateSocket } = sandboxPaths(home, name);
  return new Promise((resolve) => {
    const socket = createConnection(stateSocket);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.once('error', () => {
      resolve(undefined);
    });
    socket.once('close', () => {
      resolve(text === '' ? undefined : (JSON.parse(text) as SandboxState));
    });
  });
}

/** All sandboxes that run, by name. */
export async function askAll(home: string): Promise<SandboxState[]> {
  const names = await readdir(sandboxesDirectory(home)).catch(() => []);
  const states = await Promise.all(names.sort().map((name) => askState(home, name)));
  return states.filter((state) => state !== undefined);
}

/** @throws {SANDBOX_NOT_RUNNING} */
export async function requireState(home: string, name: string): Promise<SandboxState> {
  const state = await askState(home, name);
  if (state !== undefined) return state;
  raise('SANDBOX_NOT_RUNNING', { name, known: (await askAll(home)).map((one) => one.name) });
}

export interface StartOptions {
  home: string;
  name: string;
  port: number;
  isRootless: boolean;
  /** Deploys the demo's shop. */
  withShop?: boolean;
  program: string;
  environment: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  signal: AbortSignal;
}

/** @throws {SANDBOX_RUNNING} {FILE_NOT_WRITABLE} {SANDBOX_START_FAILED} and what the program reports */
export async function startSandbox(options: StartOptions): Promise<SandboxState> {
  const { home, name, port, isRootless, withShop = false, program, environment, clock, signal } = options;
  const { directory, log } = sandboxPaths(home, name);
  if ((await askState(home, name)) !== undefined) raise('SANDBOX_RUNNING', { name });
  await makeFolder(home, directory);
  const order: SandboxOrder = { name, directory, port, isRootless, withShop };
  const file = await open(log, 'w', 0o600);
  const child = spawn(process.execPath, [program, 'host', JSON.stringify(order)], {
    // Its own session: a Ctrl-C at the terminal must not reach it.
    detached: true,
    cwd: directory,
    stdio: ['ignore', 'pipe', file.fd],
    env: { ...withoutDebugger(environment), PATH: sandboxPath(environment['PATH'] ?? '') },
  });
  await file.close();
  const output = child.stdout as Readable;
  const timeout = new AbortController();
  const timer = clock.after(START_TIMEOUT_MS, () => {
    timeout.abort();
  });
  try {
    const report = await firstReport(output, AbortSignal.any([signal, timeout.signal]));
    if (report !== undefined && 'ready' in report) return report.ready;
    const words = await lastWords(log);
    if (report === undefined)
      raise('SANDBOX_START_FAILED', {
        reason: timeout.signal.aborted
          ? `it is not ready after ${String(START_TIMEOUT_MS / 1000)} s`
          : 'it ended at once',
        log: words,
      });
    const { code, details } = report.failed;
    throw createError(
      code as ErrorCode,
      {
        ...details,
        ...(code === 'SANDBOX_START_FAILED' ? { log: words } : {}),
      } as ErrorDetails<ErrorCode>,
    );
  } catch (error) {
    child.kill('SIGTERM');
    throw error;
  } finally {
    timer.cancel();
    output.destroy();
    child.unref();
  }
}

function firstReport(output: Readable, signal: AbortSignal): Promise<SandboxReport | undefined> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: output });
    lines.once('line', (line) => {
      resolve(JSON.parse(line) as SandboxReport);
    });
    lines.once('close', () => {
      resolve(undefined);
    });
    signal.addEventListener('abort', () => {
      resolve(undefined);
    });
  });
}

/** Removes what a sandbox left that was killed together with everything that would have cleaned up. */
async function makeFolder(home: string, directory: string): Promise<void> {
  try {
    await mkdir(sandboxesDirectory(home), { recursive: true, mode: 0o700 });
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { mode: 0o700 });
    // A full disk lets folders be made and nothing be written.
    await writeFile(`${directory}/.probe`, Buffer.alloc(4096));
    await rm(`${directory}/.probe`);
  } catch (error) {
    raise('FILE_NOT_WRITABLE', { path: directory, reason: toReason(error as NodeJS.ErrnoException) });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'your share of the disk is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
};

function toReason({ code = '', message }: NodeJS.ErrnoException): string {
  return reasons[code] ?? message;
}

function withoutDebugger(environment: StartOptions['environment']): Record<string, string | undefined> {
  return { ...environment, NODE_OPTIONS: undefined, VSCODE_INSPECTOR_OPTIONS: undefined };
}

async function lastWords(log: string): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '');
  return text.trim().split('\n').at(-1) ?? '';
}

/** Ends the sandbox and resolves when nothing of it is left. @throws {SANDBOX_NOT_RUNNING} */
export async function stopSandbox(
  home: string,
  name: string,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  const state = await requireState(home, name);
  const deadlineMs = clock.monotonicMs() + STOP_TIMEOUT_MS;
  process.kill(state.pid, 'SIGTERM');
  while (isAlive(state.pid) || isAlive(state.serverPid)) {
    if (clock.monotonicMs() > deadlineMs) process.kill(state.serverPid, 'SIGKILL');
    await clock.sleep(POLL_MS, { signal });
  }
  await rm(sandboxPaths(home, name).directory, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Gives a name to a command; pods that wait for an image of this name start then. */
export async function loadImage(
  home: string,
  name: string,
  image: string,
  command: { command: string[]; directory: string },
): Promise<void> {
  const { images } = sandboxPaths(home, name);
  const before = JSON.parse(await readFile(images, 'utf8').catch(() => '{}')) as LoadedImages;
  const next: LoadedImages = { ...before, [image]: command };
  try {
    // Renamed, so that the sandbox never reads half a file.
    await writeFile(`${images}.new`, JSON.stringify(next), { mode: 0o600 });
    await rename(`${images}.new`, images);
  } catch (error) {
    raise('FILE_NOT_WRITABLE', { path: images, reason: toReason(error as NodeJS.ErrnoException) });
  }
}
