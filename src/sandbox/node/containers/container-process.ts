/**
 * A process in a pod: a container's first one, or one that is executed in a running container. Each container has its
 * own mount and process namespaces, so that ending its first process ends all of it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { systemClock } from '../../../core/index.ts';
import { becomeCommand, type Identity } from './identity.ts';
import { createPipes, type ProcessPipes } from './pipes.ts';
import { runCommand } from './run-command.ts';
import { quoteWord, quoteWords } from './shell.ts';

export interface ProcessCommand {
  /** Program and arguments; the program is looked for in the environment's PATH. */
  command: readonly string[];
  env: ReadonlyMap<string, string>;
  workingDir: string;
  identity: Identity;
  isUserNamespace: boolean;
  isTerminal: boolean;
  hasInput: boolean;
  /** An existing folder of this container. */
  folder: string;
}

export interface ContainerOptions extends ProcessCommand {
  /** A process in the pod's namespaces. */
  podPid: number;
  /** Whose process namespace the container joins; missing: one of its own. */
  processNamespacePid?: number;
  /** Makes the root and enters it; see root-script.ts. */
  rootScript: string;
}

export interface Exit {
  /** As the kubelet reports it: 128 and the signal's number for a process that a signal ended. */
  exitCode: number;
  signal?: number;
}

export interface ContainerProcess {
  /** As the node's /proc numbers it. */
  pid: number;
  /** Missing without input. */
  stdin?: Writable;
  stdout: Readable;
  /** Empty with a terminal. */
  stderr: Readable;
  /** When it has ended; its output may still be read. */
  exited: Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
  /** Gives its terminal another size, soon. Without a terminal nothing happens. */
  resize(columns: number, rows: number): void;
}

/** A process did not start; the message is what a container runtime would say. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** Resolves when the container's own program is about to run. @throws {StartError} */
export async function startContainer(options: ContainerOptions): Promise<ContainerProcess> {
  const { podPid, processNamespacePid, rootScript } = options;
  const own = processNamespacePid === undefined ? ['--pid', '--fork', '--kill-child'] : [];
  const enter = ['--net', '--uts', '--ipc'].map((name) => `${name}=/proc/${podPid}/ns/${name.slice(2)}`);
  if (processNamespacePid !== undefined) enter.push(`--pid=/proc/${processNamespacePid}/ns/pid`);
  const script = [
    // Complaints of the set-up are not the container's output.
    'exec 4>&2 2>&3',
    reportPid,
    rootScript,
    runScript(options),
  ].join('\n');
  return start(
    await spawnWith(['nsenter', ...enter, '--', 'unshare', '--mount', ...own, 'sh', '-ec', script], options),
    options,
  );
}

/** Runs a command in a running container. @throws {StartError} */
export async function startInContainer(
  containerPid: number,
  options: ProcessCommand,
): Promise<ContainerProcess> {
  const enter = ['nsenter', '--target', String(containerPid), '--mount', '--uts', '--ipc', '--net', '--pid'];
  const script = ['exec 4>&2 2>&3', runScript(options)].join('\n');
  return start(await spawnWith([...enter, '--', 'sh', '-ec', script], options), options);
}

/** Process 1 of the container, as the node numbers it: the node's /proc is still there. */
const reportPid = 'read -r pid rest </proc/self/stat; echo "pid $pid" >&3';

interface Started {
  child: ChildProcess;
  pipes: ProcessPipes;
}

async function spawnWith(argv: readonly string[], { folder, hasInput }: ProcessCommand): Promise<Started> {
  const [file = '', ...args] = argv;
  const pipes = await createPipes(folder, hasInput);
  const { stdin, stdout, stderr } = pipes.childDescriptors;
  const child = spawn(file, args, { stdio: [stdin, stdout, stderr, 'pipe'] });
  await pipes.release();
  return { child, pipes };
}

function runScript(options: ProcessCommand): string {
  const { command, env, workingDir, identity, isUserNamespace, isTerminal } = options;
  const [program = ''] = command;
  const variables = [...env].map(([name, value]) => `${name}=${value}`);
  const path = env.get('PATH') ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  // `script` gives a terminal where there is none; it hands its command to a shell.
  const words = isTerminal ? ['script', '-qfec', `exec ${quoteWords(command)}`, '/dev/null'] : command;
  return [
    `mkdir -p ${quoteWord(workingDir)} 2>/dev/null || :`,
    `cd ${quoteWord(workingDir)}`,
    `(PATH=${quoteWord(path)}; command -v ${quoteWord(program)} >/dev/null) || { echo missing >&3; exit 128; }`,
    'echo started >&3',
    `exec 2>&4 3>&- 4>&- ${becomeCommand(identity, isUserNamespace)} env -i ${quoteWords([...variables, ...words])}`,
  ].join('\n');
}

async function start({ child, pipes }: Started, { command }: ProcessCommand): Promise<ContainerProcess> {
  const { stdin, stdout, stderr } = pipes;
  const report = child.stdio[3] as Readable;
  // Whoever ends first: writing to a process that is gone is no error of ours.
  for (const pipe of [stdin, stdout, stderr]) pipe?.on('error', () => undefined);
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', () => resolve({ exitCode: 128 }));
    child.once('exit', (code, signal) => resolve(toExit(code, signal)));
  });
  void exited.then(() => stdin?.destroy());
  let reported: number | undefined;
  await new Promise<void>((resolve, reject) => {
    const complaints: string[] = [];
    createInterface({ input: report })
      .on('line', (line) => {
        if (line.startsWith('pid ')) reported = Number(line.slice(4));
        else if (line === 'started') resolve();
        else if (line === 'missing')
          reject(
            new StartError(`exec: ${JSON.stringify(command[0] ?? '')}: executable file not found in $PATH`),
          );
        else complaints.push(line);
      })
      .once('close', () =>
        reject(new StartError(complaints.join('; ') || 'the process ended before it started')),
      );
    child.once('error', (error) => reject(new StartError(error.message)));
  });
  const findTarget = (): number | undefined => reported ?? findChild(child.pid);
  const isEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: reported ?? child.pid ?? 0,
    ...(stdin === undefined ? {} : { stdin }),
    stdout,
    stderr,
    exited,
    kill(signal): void {
      if (isEnded()) return;
      const target = findTarget();
      try {
        if (target === undefined) child.kill(signal);
        else process.kill(target, signal);
      } catch {
        // It has ended a moment ago.
      }
    },
    resize(columns, rows): void {
      resizeTerminal(findTarget, isEnded, { columns, rows }).catch(() => undefined);
    },
  };
}

/**
 * The child of `script` has the terminal as its input; it comes a moment after `script` itself.
 */
async function resizeTerminal(
  findScript: () => number | undefined,
  isEnded: () => boolean,
  { columns, rows }: { columns: number; rows: number },
): Promise<void> {
  for (let tries = 0; tries < RESIZE_TRIES && !isEnded(); tries += 1) {
    const holder = findChild(findScript());
    const size = ['cols', String(columns), 'rows', String(rows)];
    const isDone =
      holder !== undefined &&
      (await runCommand('stty', ['-F', `/proc/${holder}/fd/0`, ...size]).then(
        () => true,
        () => false,
      ));
    if (isDone) return;
    await new Promise<void>((resolve) => systemClock.after(RESIZE_RETRY_MS, resolve));
  }
}

const RESIZE_TRIES = 40;
const RESIZE_RETRY_MS = 25;

/** The first child of a process: what `nsenter` runs in another process namespace, where only the node's /proc knows it. */
function findChild(parent: number | undefined): number | undefined {
  const candidates = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = candidates.find((name) => {
    try {
      // After the name, which may hold anything, in parentheses: the state, then the parent.
      return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1]) === parent;
    } catch {
      return false;
    }
  });
  return found === undefined ? undefined : Number(found);
}

function toExit(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (signal === null) return { exitCode: code ?? 128 };
  const number = constants.signals[signal];
  return { exitCode: 128 + number, signal: number };
}
