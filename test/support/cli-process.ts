/** Runs `tp` as a process of its own, together with a fake daemon that it starts itself. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createTemporaryFolder } from './temporary-folder.ts';

/** What nothing should ever need; a test that waits longer fails. */
const PATIENCE_MS = 20_000;

export const tpProgram: string = fileURLToPath(new URL('programs/tp.js', import.meta.url));
export const fakeDaemonProgram: string = fileURLToPath(new URL('programs/fake-daemon.js', import.meta.url));

export interface CliProcess {
  readonly process: ChildProcessWithoutNullStreams;
  /** What has come so far, of stdout and stderr together. */
  readonly output: string;
  /** Waits until the output matches. */
  waitFor: (pattern: RegExp) => Promise<void>;
  /** The exit code; minus the number of the signal that ended it is not told: then null. */
  readonly exit: Promise<number | null>;
}

export interface CliSandbox {
  folder: string;
  environment: Record<string, string>;
  /** Starts `tp` with these words. */
  tp: (...words: string[]) => CliProcess;
  /** Starts any program in the same environment. */
  start: (program: string, ...words: string[]) => CliProcess;
  /** What the daemons have told, in order. */
  events: () => Promise<string[]>;
  /** Waits until `count` events of this name have come. */
  waitForEvent: (name: string, count?: number) => Promise<void>;
  /** Process ids of the daemons that served, first to last. */
  daemonPids: () => Promise<number[]>;
}

export async function createCliSandbox(
  t: TestContext,
  { daemonProgram = fakeDaemonProgram }: { daemonProgram?: string } = {},
): Promise<CliSandbox> {
  let eventsFile = '';
  // Before the folder goes, in which the daemons told who they are.
  t.after(async () => {
    for (const pid of await daemonPids()) kill(pid);
  });
  const folder = await createTemporaryFolder(t);
  eventsFile = join(folder, 'events');
  const environment = {
    ...(process.env as Record<string, string>),
    TP_HOME: join(folder, 'home'),
    TP_TEST_EVENTS: eventsFile,
    TP_TEST_DAEMON: daemonProgram,
  };

  async function events(): Promise<string[]> {
    const text = await readFile(eventsFile, 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  }
  async function daemonPids(): Promise<number[]> {
    const all = await events();
    return all.flatMap((event) => /^serving-(\d+)$/.exec(event)?.[1] ?? []).map(Number);
  }
  function start(program: string, ...words: string[]): CliProcess {
    const started = spawn(program, words, { env: environment, cwd: folder });
    t.after(() => started.kill('SIGKILL'));
    return observe(started);
  }

  return {
    folder,
    environment,
    start,
    tp: (...words) => start(process.execPath, tpProgram, ...words),
    events,
    daemonPids,
    waitForEvent: (name, count = 1) =>
      waitUntil(`${String(count)} x ${name}`, async () => {
        return (await events()).filter((event) => event === name).length >= count;
      }),
  };
}

function observe(started: ChildProcessWithoutNullStreams): CliProcess {
  let output = '';
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  started.stdout.on('data', keep);
  started.stderr.on('data', keep);
  // Who has ended does not read any more.
  started.stdin.on('error', () => undefined);
  const exit = once(started, 'close').then(([code]) => code as number | null);
  return {
    process: started,
    get output(): string {
      return output;
    },
    waitFor: (pattern) =>
      waitUntil(
        () => `${String(pattern)} in: ${output}`,
        () => pattern.test(output),
      ),
    exit,
  };
}

/** Ends a process that may have ended already. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}

async function waitUntil(
  what: string | (() => string),
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline)
      throw new Error(`Waited too long for ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
