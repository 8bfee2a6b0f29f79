/** Commands run by tests: programs, kubectl, programs in pods; and waiting for what they cause. */
import { execFile } from 'node:child_process';
import { clusterUnderTest } from './cluster-under-test.ts';

/** Longest run of one command, unless it says otherwise. */
const COMMAND_MS = 120_000;
/** kubectl prints whole lists as JSON. */
const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;
/** How often a condition is looked at again. */
const POLL_MS = 250;
/** Longest wait for a condition, unless it says otherwise: a slow machine that starts PostgreSQL. */
const WAIT_MS = 120_000;

export interface CommandOptions {
  env?: Record<string, string>;
  input?: string;
  timeoutMs?: number;
}

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end, whatever its exit code. */
export function run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      {
        env: { ...process.env, ...options.env },
        maxBuffer: OUTPUT_LIMIT_BYTES,
        timeout: options.timeoutMs ?? COMMAND_MS,
      },
      (error, stdout, stderr) => {
        if (error === null) resolve({ code: 0, stdout, stderr });
        else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
        else reject(new Error(`${argv.join(' ')}: ${error.message}\n${stdout}${stderr}`, { cause: error }));
      },
    );
    child.stdin?.on('error', () => undefined); // the command ended without reading
    child.stdin?.end(options.input ?? '');
  });
}

/** The same, for commands that must succeed; returns stdout. */
export async function mustRun(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(argv, options);
  if (code !== 0) throw new Error(`${argv.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
  return stdout;
}

export interface KubectlOptions extends CommandOptions {
  namespace?: string;
}

export function kubectlCommand(args: readonly string[], namespace?: string): string[] {
  const { kubeconfig } = clusterUnderTest();
  return [
    'kubectl',
    `--kubeconfig=${kubeconfig}`,
    ...(namespace ? [`--namespace=${namespace}`] : []),
    ...args,
  ];
}

/** Runs kubectl as the administrator and returns stdout. */
export function kubectl(args: readonly string[], options: KubectlOptions = {}): Promise<string> {
  return mustRun(kubectlCommand(args, options.namespace), options);
}

/** One object, or a list, as JSON. */
export async function kubectlJson<T>(args: readonly string[], namespace?: string): Promise<T> {
  const text = await kubectl([...args, '--output=json'], namespace === undefined ? {} : { namespace });
  return JSON.parse(text) as T;
}

/** Runs a command in a pod's (first) container and returns stdout. */
export function inPod(
  namespace: string,
  pod: string,
  argv: readonly string[],
  options: CommandOptions & { container?: string } = {},
): Promise<string> {
  const container = options.container === undefined ? [] : [`--container=${options.container}`];
  const stdin = options.input === undefined ? [] : ['--stdin'];
  return kubectl(['exec', ...container, ...stdin, pod, '--', ...argv], { ...options, namespace });
}

/** Polls until `condition` returns something else than undefined or false, and returns that. */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T | undefined | false>,
  timeoutMs: number = WAIT_MS,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const result = await condition();
      if (result !== undefined && result !== false) return result;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
