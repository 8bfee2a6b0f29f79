/** `tp connect`, `run`, `quit`, `status` and `list`. */
import { Option, type Command } from 'commander';
import { parseDuration } from '../arguments/duration.ts';
import { parseForward } from '../arguments/forward.ts';
import { collect } from '../arguments/simple.ts';
import type { ConnectOptions } from '../commands/connect.ts';
import type { RunOptions } from '../commands/run.ts';
import { describe, type Invoke } from './tree.ts';

/** Rolling out or starting a pod takes seconds; pulling an image into a slow cluster takes minutes. */
const DEFAULT_TIMEOUT_SECONDS = 300;

export function addConnectionCommands(program: Command, invoke: Invoke): void {
  const connect = program
    .command('connect')
    .summary('Connect to a cluster')
    .description(
      'Connects to a cluster: cluster names and addresses can be reached through the proxy that is printed. ' +
        'With a command after --, runs it with the proxy variables set, and ends the connection when it exits.',
    )
    .usage('[options] [-- COMMAND...]');
  addClusterOptions(connect).action((options: ConnectOptions, command: Command) =>
    invoke(command, async (cli) => (await import('../commands/connect.ts')).connect(cli, options)),
  );
  describe(connect, {
    takesCommand: true,
    examples: [
      ['tp connect', "Connect to the current context's cluster and namespace"],
      ['tp connect -n shop -- curl http://web/', 'Run one program inside the cluster’s network'],
      ['tp connect --forward 5432:db:5432', 'Reach db:5432 of the cluster at localhost:5432'],
    ],
  });

  const runCommand = program
    .command('run')
    .summary("Run a command in the cluster's network")
    .description(
      'Runs the command after -- in a network of its own, whose names and addresses are the cluster’s: any program, ' +
        'without proxy settings and without privilege (Linux). Where the system does not allow that, uses the proxy as tp ' +
        'connect does, and says why.',
    )
    .usage('[options] -- COMMAND...')
    .option('--local', "This machine's own subnets win over the cluster's addresses");
  addAgentOptions(runCommand).action((options: RunOptions, command: Command) =>
    invoke(command, async (cli) => (await import('../commands/run.ts')).runInNetwork(cli, options)),
  );
  describe(runCommand, {
    takesCommand: true,
    examples: [
      ['tp run -- psql -h postgres', 'Every program works, by the names that a pod would use'],
      ['tp run -n shop --local -- bash', 'A shell in the network of namespace shop'],
    ],
  });

  const quit = program
    .command('quit')
    .summary('End connections and the daemon')
    .description(
      'Ends all intercepts and connections, and the daemon. With --context, --namespace or --kubeconfig, ends only ' +
        'the connection that is named. Agents stay in the workloads; tp uninstall takes them out.',
    )
    .action((_options: object, command: Command) =>
      invoke(command, async (cli) => (await import('../commands/quit.ts')).quit(cli)),
    );
  describe(quit, {
    examples: [
      ['tp quit', 'End everything'],
      ['tp quit --context staging -n shop', 'End one connection'],
    ],
  });

  const status = program
    .command('status')
    .summary('Show connections, intercepts and warnings')
    .description(
      'Shows the connections, where their proxy listens, and the intercepts with their pods and counts. Starts nothing.',
    )
    .action((_options: object, command: Command) =>
      invoke(command, async (cli) => (await import('../commands/status.ts')).status(cli)),
    );
  describe(status, {
    examples: [
      ['tp status', 'Show everything'],
      ['tp status -o json', 'The same for programs'],
    ],
  });

  const list = program
    .command('list')
    .summary('List workloads, their services and who intercepts')
    .description(
      'Lists the workloads of the namespace with their services and ports, agents, and who intercepts them.',
    )
    .action((_options: object, command: Command) =>
      invoke(command, async (cli) => (await import('../commands/list.ts')).list(cli)),
    );
  describe(list, { examples: [['tp list -n shop', 'List what can be intercepted in namespace shop']] });
}

/** The options of the commands that start something in a cluster. */
export function addClusterOptions(command: Command): Command {
  return addAgentOptions(
    command.option(
      '--forward <spec>',
      '[ADDR:]LOCAL:HOST:PORT: listen on the laptop and lead to HOST:PORT of the cluster; can be given several times',
      collect(parseForward),
    ),
  );
}

function addAgentOptions(command: Command): Command {
  return command
    .option(
      '--agent-image <image>',
      "Image of gateway and agent; left out: $TP_AGENT_IMAGE, then this version's own",
    )
    .addOption(timeoutOption());
}

export function timeoutOption(): Option {
  return new Option('--timeout <duration>', 'How long to wait for the cluster, such as 90s or 5m')
    .argParser(parseDuration)
    .default(DEFAULT_TIMEOUT_SECONDS, '5m');
}
