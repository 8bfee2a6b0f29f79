/** The command line as a tree: every command, argument and option with its help. docs/CLI.md is made from it. */
import { Command, Option } from 'commander';
import { collect } from '../arguments/simple.ts';
import { outputFormats } from '../output/result.ts';
import { addConnectionCommands } from './connection-commands.ts';
import { addInterceptCommands } from './intercept-commands.ts';
import { addSandboxCommands } from './sandbox-commands.ts';
import { addToolCommands } from './tool-commands.ts';
import type { Invoke } from './tree.ts';

const introduction =
  'Puts one service of a Kubernetes cluster on your laptop: its traffic reaches a local process, and the process sees ' +
  'the cluster.';

const start = `
Start:
  $ tp intercept web --port 8080 -- npm start    # the traffic of service web reaches your process on port 8080
  $ tp status                                    # what is intercepted, and what arrived
  $ tp uninstall --all                           # nothing of tp is left in the namespace
`;

/** @param invoke runs what a command does; the tree itself does nothing */
export function createProgram(invoke: Invoke): Command {
  const program = new Command('tp')
    .description(introduction)
    .usage('<command> [options]')
    .addHelpText('after', start)
    .helpCommand('help [command]', 'Show the help of a command')
    .helpOption('-h, --help', 'Show help')
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => title })
    .showSuggestionAfterError()
    .allowExcessArguments(false)
    .addOption(
      new Option('-o, --output <format>', 'Format of the result on stdout')
        .choices(outputFormats)
        .default('text'),
    )
    .option('-n, --namespace <name>', "Namespace of the cluster; left out: the context's")
    .option('--context <name>', "Context of the kubeconfig; left out: the kubeconfig's current one")
    .option(
      '--kubeconfig <file>',
      'Kubeconfig file; can be given several times, earlier ones win; left out: $KUBECONFIG, then ~/.kube/config',
      collect((file) => file),
    )
    .option('--debug', 'Show stack traces of errors');

  addConnectionCommands(program, invoke);
  addInterceptCommands(program, invoke);
  addSandboxCommands(program, invoke);
  addToolCommands(program, invoke);
  return program;
}
