import type { ConnectionStatus, Operations } from '../../src/contract/index.ts';
import type { CallOptions } from '../client/client.ts';
import type { Answer } from '../client/request.ts';
import type { CliContext } from '../context.ts';
import { addedEnvironment, childEnvironment } from '../environment/local-environment.ts';
import { assertCommand, runCommand } from '../held/child.ts';
import { runHeldCommand } from '../held/held-command.ts';
import { describeConnection } from '../output/connection.ts';
import { formatLines } from '../output/text.ts';
import { agentImageOf, type ClusterOptions } from './cluster-options.ts';
import { noteMovedProxy, noteWarnings } from './notes.ts';

export type ConnectOptions = ClusterOptions;

/** `tp connect [-- CMD]` */
export async function connect(cli: CliContext, options: ConnectOptions): Promise<number> {
  const { command, environment, workingDirectory, signals } = cli;
  if (command !== undefined) await assertCommand(command[0], environment, workingDirectory);
  const request: Operations['connect']['request'] = {
    connection: cli.connection,
    forwards: options.forward ?? [],
    agentImage: agentImageOf(cli, options),
    timeoutSeconds: options.timeout,
    hold: command !== undefined,
  };
  const ask = (options: CallOptions<'connect'>): Promise<Answer<'connect'>> =>
    cli.client.call('connect', request, options);

  const first = await cli.withProgress((onProgress) => ask({ signal: cli.signal, onProgress }));
  const { proxy } = first.result;
  await cli.print(first.result, () => formatConnected(first.result, command !== undefined));
  noteWarnings(cli, first.result.warnings);
  if (command === undefined) return 0;
  return runHeldCommand({
    ...cli,
    what: 'The connection',
    first,
    // Without progress: the terminal is the local process's now.
    renew: (signal) => ask({ signal }),
    onRenewed({ result }) {
      cli.note({ message: 'The connection is back' });
      noteMovedProxy(cli, proxy, result.proxy);
    },
    run: () =>
      runCommand({
        command,
        environment: childEnvironment(environment, addedEnvironment({ container: {}, proxy })),
        workingDirectory,
        signals,
      }),
  });
}

function formatConnected(connection: ConnectionStatus, isHeld: boolean): string {
  const { context, namespace } = connection;
  const lines = [`Connected to ${context}, namespace ${namespace}`, ...describeConnection(connection)];
  if (!isHeld) lines.push('Next: tp list, or tp intercept NAME --port LOCAL. End it with: tp quit');
  return formatLines(lines);
}
