/** A developer's machine as the tests see it: `tp` with a state folder of its own, and local processes. */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterUnderTest, repositoryFile } from './cluster-under-test.ts';
import type { CommandOptions, CommandResult } from './commands.ts';
import { run, waitFor } from './commands.ts';
import type { Owner } from './namespaces.ts';

/** Longest `tp quit` at the end of a test; what is left then is killed. */
const QUIT_MS = 20_000;

/** A process that runs beside the test, and all it has written so far. */
export interface LaptopProcess {
  child: ChildProcessWithoutNullStreams;
  stdout(): string;
  stderr(): string;
  /** Resolves with the exit code, or with the signal that ended it. */
  exited: Promise<number | NodeJS.Signals>;
  /** Waits until stdout and stderr together match. */
  waitForOutput(pattern: RegExp, timeoutMs?: number): Promise<string>;
}

/**
 * Everything on it runs in the laptop's network namespace, where only the API server is reachable (on an external
 * cluster: on this machine). Several can exist at once: each has its own TP_HOME, hence its own daemon.
 */
export class Laptop {
  /** TP_HOME. */
  readonly home: string;
  readonly #env: Record<string, string>;

  private constructor(home: string, env: Record<string, string>) {
    this.home = home;
    this.#env = env;
  }

  /** Ends with its owner: the daemon is told to quit, other processes are killed. */
  static async create(owner: Owner, env: Record<string, string> = {}): Promise<Laptop> {
    const { agentImage, laptopKubeconfig } = clusterUnderTest();
    const home = await mkdtemp(join(tmpdir(), 'tp-'));
    const laptop = new Laptop(home, {
      TP_HOME: home,
      TP_AGENT_IMAGE: agentImage,
      KUBECONFIG: laptopKubeconfig,
      ...env,
    });
    owner.after(() => laptop.#end());
    return laptop;
  }

  /** Runs `tp ARGS` to its end, whatever its exit code. */
  runTp(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return this.run([...tpCommand(), ...args], options);
  }

  /** Runs any command on the laptop to its end. */
  run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const { laptop } = clusterUnderTest();
    return run([...laptop, ...argv], { ...options, env: { ...this.#env, ...options.env } });
  }

  /** Starts `tp ARGS`, for commands that last: `tp intercept … -- CMD`. */
  spawnTp(args: readonly string[], env: Record<string, string> = {}): LaptopProcess {
    return this.spawn([...tpCommand(), ...args], env);
  }

  /** Starts any command on the laptop. Signals reach it: nothing stands between. */
  spawn(argv: readonly string[], env: Record<string, string> = {}): LaptopProcess {
    const [program = '', ...args] = [...clusterUnderTest().laptop, ...argv];
    const child = spawn(program, args, { env: { ...process.env, ...this.#env, ...env } });
    child.stdin.on('error', () => undefined); // it ended without reading
    return observe(child, argv);
  }

  /** The ids of all processes that belong to this laptop: they carry its TP_HOME. */
  async processes(): Promise<number[]> {
    const own: number[] = [];
    for (const entry of await readdir('/proc')) {
      const environment = await readFile(`/proc/${entry}/environ`, 'utf8').catch(() => '');
      if (environment.split('\0').includes(`TP_HOME=${this.home}`)) own.push(Number(entry));
    }
    return own;
  }

  async #end(): Promise<void> {
    await this.runTp(['quit'], { timeoutMs: QUIT_MS }).catch(() => undefined);
    for (const pid of await this.processes()) kill(pid);
    await rm(this.home, { recursive: true, force: true });
  }
}

function tpCommand(): string[] {
  return [process.execPath, repositoryFile('dist/cli.mjs')];
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

function observe(child: ChildProcessWithoutNullStreams, argv: readonly string[]): LaptopProcess {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const exited = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? signal ?? 0));
  });
  exited.catch(() => undefined); // for tests that do not look
  return {
    child,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    exited,
    waitForOutput: async (pattern, timeoutMs) => {
      const all = () => output.stdout + output.stderr;
      const found = () => Promise.resolve(pattern.test(all()) && all());
      const ended = exited.then((code) => {
        if (!pattern.test(all())) throw new Error(`it ended with ${code}`);
        return all();
      });
      return Promise.race([
        waitFor(`${String(pattern)} from ${argv.join(' ')}`, found, timeoutMs),
        ended,
      ]).catch((error: unknown) => {
        throw new Error(`it wrote:\n${all()}`, { cause: error });
      });
    },
  };
}
