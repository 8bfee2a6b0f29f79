/** `tp logs`, `version` and `completion`, and the hidden command that the completion scripts call. */
import { Argument, type Command } from 'commander';
import { parseLineCount } from '../arguments/simple.ts';
import type { LogsOptions } from '../commands/logs.ts';
import { shells, type Shell } from '../completion/scripts.ts';
import { describe, type Invoke } from './tree.ts';

const DEFAULT_LOG_LINES = 100;
/** Called by the completion scripts: prints what the last of the words after `--` can be. */
export const COMPLETE_COMMAND = '__complete';

export function addToolCommands(program: Command, invoke: Invoke): void {
  const logs = program
    .command('logs')
    .summary("Show the daemon's log, or those of agents")
    .description(
      "Shows the log of the daemon, also of one that has ended. With a name, shows the logs of that workload's agents.",
    )
    .argument('[name]', 'Service or workload')
    .option('--tail <lines>', 'How many lines from the end', parseLineCount, DEFAULT_LOG_LINES)
    .option('-f, --follow', 'Go on with what is added, and with new pods')
    .action((name: string | undefined, options: LogsOptions, command: Command) =>
      invoke(command, async (cli) => (await import('../commands/logs.ts')).logs(cli, name, options)),
    );
  describe(logs, {
    argument: 'target',
    examples: [
      ['tp logs -f', 'Follow the daemon'],
      ['tp logs web --tail 20', 'The last lines of the agents of web'],
      ['tp logs web -f', 'Follow them'],
    ],
  });

  const version = program
    .command('version')
    .summary('Show the versions of command and daemon')
    .description('Shows the version of this command, and that of the daemon if one runs. Needs no cluster.')
    .action((_options: object, command: Command) =>
      invoke(command, async (cli) => (await import('../commands/version.ts')).version(cli)),
    );
  describe(version, { examples: [['tp version', 'Show both versions']] });

  const completion = program
    .command('completion')
    .summary('Print a completion script for a shell')
    .description(
      'Prints a script that makes a shell complete commands, options and their values, contexts, and, when a daemon ' +
        'is connected, the names of services, workloads and intercepts.',
    )
    .addArgument(new Argument('<shell>', 'Shell').choices(shells))
    .action((shell: Shell, _options: object, command: Command) =>
      invoke(command, async (cli) => (await import('../commands/completion.ts')).completion(cli, shell)),
    );
  describe(completion, {
    examples: [
      ['source <(tp completion bash)', 'In ~/.bashrc'],
      ['source <(tp completion zsh)', 'In ~/.zshrc, after compinit'],
      ['tp completion fish > ~/.config/fish/completions/tp.fish', 'Once'],
      ['tp completion powershell | Out-String | Invoke-Expression', 'In $PROFILE'],
    ],
  });

  const complete = program
    .command(COMPLETE_COMMAND, { hidden: true })
    .action((_options: object, command: Command) =>
      invoke(command, async (cli) => (await import('../commands/completion.ts')).complete(cli, program)),
    );
  describe(complete, { takesCommand: true, examples: [] });
}
