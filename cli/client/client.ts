/** The command line's way to the daemon: finds or starts it, and asks. */
import { resolve } from 'node:path';
import {
  assertSocketPath,
  daemonPaths,
  type DaemonPaths,
  type EventOf,
  type OperationName,
  type Operations,
  type Progress,
} from '../../src/contract/index.ts';
import type { Clock } from '../../src/core/index.ts';
import { raise } from '../../src/errors/index.ts';
import { sendRequest, type Answer } from './request.ts';
import { startDaemon } from './start-daemon.ts';

export interface ClientOptions {
  environment: Readonly<Record<string, string | undefined>>;
  workingDirectory: string;
  /** The daemon's program; started with `process.execPath`. */
  daemonProgram: string;
  clock: Clock;
}

export interface CallOptions<N extends OperationName = OperationName> {
  signal: AbortSignal;
  onProgress?: ((progress: Progress) => void) | undefined;
  onEvent?: ((event: EventOf<N>) => void) | undefined;
}

export interface Client {
  readonly paths: DaemonPaths;
  /** Asks the daemon; starts one when none runs. @throws as {@link sendRequest} and {@link startDaemon} do */
  call<N extends OperationName>(
    operation: N,
    body: Operations[N]['request'],
    options: CallOptions<N>,
  ): Promise<Answer<N>>;
  /** Asks the daemon; returns undefined when none runs. */
  callRunning<N extends OperationName>(
    operation: N,
    body: Operations[N]['request'],
    options: CallOptions<N>,
  ): Promise<Answer<N> | undefined>;
}

export function createClient({ environment, workingDirectory, daemonProgram, clock }: ClientOptions): Client {
  // The daemon runs in another folder: a relative TP_HOME must mean the same there.
  const directory = resolve(workingDirectory, daemonPaths(environment).directory);
  const paths = daemonPaths({ ...environment, TP_HOME: directory });

  function callRunning<N extends OperationName>(
    operation: N,
    body: Operations[N]['request'],
    options: CallOptions<N>,
  ): Promise<Answer<N> | undefined> {
    assertSocketPath(paths.socket);
    return sendRequest({ socketPath: paths.socket, operation, body, clock, ...options });
  }

  async function start({ signal }: Pick<CallOptions, 'signal'>): Promise<void> {
    const isAnswering = async (): Promise<boolean> =>
      (await callRunning('status', {}, { signal })) !== undefined;
    await startDaemon({ program: daemonProgram, paths, environment, clock, signal, isAnswering });
  }

  return {
    paths,
    callRunning,
    async call(operation, body, options) {
      const answer = await callRunning(operation, body, options);
      if (answer !== undefined) return answer;
      await start(options);
      return (
        (await callRunning(operation, body, options)) ??
        raise('DAEMON_UNREACHABLE', { reason: 'it ended right after its start' })
      );
    },
  };
}
