/** A steady stream of requests from inside the cluster, and the account of every one of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { kubectlCommand } from './commands.ts';
import type { Owner } from './namespaces.ts';

export interface LoadOptions {
  url: string;
  /** Requests per second, each on a connection of its own. */
  newPerSecond: number;
  /** Requests per second on connections that are kept open. */
  keptPerSecond: number;
  /** How many connections those share; 4 by default. */
  keptConnections?: number;
  /** The field of the JSON answer by which answers are counted; `pod` by default. An answer that is not JSON counts as its text. */
  field?: string;
  headers?: Record<string, string>;
  timeoutMs?: number;
  /** The pod the requests come from; `client` by default. */
  pod?: string;
}

export interface LoadPhase {
  name: string;
  /** Since the start of the load. */
  atMs: number;
  sent: number;
  answered: number;
  answers: Record<string, number>;
}

export interface LoadFailure {
  /** When the request was sent. */
  at: string;
  phase: string;
  kind: 'new' | 'kept';
  /** Whether the connection had carried a request before. */
  reused: boolean;
  afterMs: number;
  error: string;
}

export interface LoadReport {
  sent: number;
  answered: number;
  seconds: number;
  slowestMs: number;
  phases: LoadPhase[];
  failures: LoadFailure[];
}

export interface SteadyLoad {
  /** Begins a phase: requests sent from now on are counted under this name. The first phase is `start`. */
  mark(name: string): Promise<void>;
  /** Sends no more, waits for the answers under way, and returns the account. */
  stop(): Promise<LoadReport>;
}

type Line = { started: true } | { marked: string } | LoadReport;

/** Starts the load generator of the client image; resolves when it sends. Ends with its owner at the latest. */
export async function startLoad(owner: Owner, namespace: string, options: LoadOptions): Promise<SteadyLoad> {
  const { pod = 'client', ...load } = options;
  const generator = ['node', '/client/load.mjs', JSON.stringify(load)];
  const [program = '', ...args] = kubectlCommand(['exec', '--stdin', pod, '--', ...generator], namespace);
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined); // reported as the end of its output
  const ended = once(child, 'close');
  owner.after(async () => {
    child.kill();
    await ended;
  });

  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Line> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('the load generator ended by itself');
    return JSON.parse(line.value) as Line;
  };

  await next();
  return {
    mark: async (name) => {
      child.stdin.write(`mark ${name}\n`);
      await next();
    },
    stop: async () => {
      child.stdin.write('stop\n');
      return (await next()) as LoadReport;
    },
  };
}
