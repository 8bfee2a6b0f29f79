import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { raise } from '../../src/errors/index.ts';
import type { CliContext } from '../context.ts';
import { childEnvironment } from '../environment/local-environment.ts';
import { assertCommand, runCommand } from '../held/child.ts';
import { agentImageOf, type ClusterOptions } from './cluster-options.ts';
import { connect } from './connect.ts';

export interface RunOptions extends ClusterOptions {
  local?: boolean;
}

/** `tp run -- CMD`: a network of its own for the command, or the proxy where that cannot be. */
export async function runInNetwork(cli: CliContext, options: RunOptions): Promise<number> {
  const { command, environment, workingDirectory, signals } = cli;
  if (command === undefined) raise('USAGE_INVALID', { reason: 'tp run needs a command after --' });
  await assertCommand(command[0], environment, workingDirectory);
  const launcher = join(
    dirname(cli.daemonProgram),
    'native',
    `${process.platform}-${process.arch}`,
    'tp-launch',
  );
  const reason = await reasonAgainst(launcher);
  if (reason !== undefined) {
    cli.note({ message: `Mode: proxy. A network for the command alone is not possible here: ${reason}` });
    return connect(cli, options);
  }
  const answer = await cli.withProgress((onProgress) =>
    cli.client.call(
      'run',
      {
        connection: cli.connection,
        agentImage: agentImageOf(cli, options),
        timeoutSeconds: options.timeout,
        local: options.local === true,
      },
      { signal: cli.signal, onProgress },
    ),
  );
  const { connection, socket } = answer.result;
  cli.note({ message: `Mode: run. The command's network is ${connection.context}/${connection.namespace}` });
  let isOver = false;
  const onEnd = (): void => {
    if (!isOver)
      cli.note({ message: "The command's network has ended. The local process goes on without it" });
  };
  void answer.ended.then(onEnd, onEnd);
  try {
    return await runCommand({
      command: [launcher, socket, ...command],
      environment: childEnvironment(environment, {}),
      workingDirectory,
      signals,
    });
  } finally {
    isOver = true;
    answer.close();
  }
}

/** Why the launcher cannot do its work on this machine; undefined when it can. */
async function reasonAgainst(launcher: string): Promise<string | undefined> {
  try {
    await promisify(execFile)(launcher, ['--check']);
    return undefined;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    return stderr === undefined || stderr === '' ? message : stderr.trim();
  }
}
