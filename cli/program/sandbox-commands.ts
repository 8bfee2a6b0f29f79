/** `tp demo` and `tp sandbox`. */
import { Argument, type Command } from 'commander';
import { sandboxActions, type SandboxAction, type SandboxCommandOptions } from '../commands/sandbox.ts';
import { parseListenPort } from '../arguments/simple.ts';
import type { DemoOptions } from '../commands/demo.ts';
import { describe, type Invoke } from './tree.ts';

export function addSandboxCommands(program: Command, invoke: Invoke): void {
  addDemo(program, invoke);
  const sandbox = program
    .command('sandbox')
    .summary('A small Kubernetes on this machine, for trying and testing')
    .description(
      'Starts a Kubernetes API server with controllers and one node, in namespaces of its own: no root, no container ' +
        'engine, and nothing is left when it ends. Images are names of commands of this machine. docs/SANDBOX.md says what it can and cannot do.',
    )
    .addArgument(new Argument('<action>', 'What to do').choices(sandboxActions))
    .argument(
      '[words...]',
      'Name of the sandbox; left out: default. With load: IMAGE, or IMAGE=PROGRAM ARGUMENT...',
    )
    .option('--port <port>', 'Port of the API server on 127.0.0.1; left out: any free one', parseListenPort)
    .option('--sandbox <name>', 'Name of the sandbox, for load')
    .action((action: SandboxAction, words: string[], options: SandboxCommandOptions, command: Command) =>
      invoke(command, async (cli) =>
        (await import('../commands/sandbox.ts')).sandbox(cli, action, words, options),
      ),
    );
  describe(sandbox, {
    examples: [
      ['tp sandbox up', 'Start one, and say where its kubeconfig is'],
      ['tp sandbox up two --port 6443', 'Another one beside it'],
      ['tp sandbox status', 'What runs, and how much memory it takes'],
      ['tp sandbox load my/app=node server.js', 'Pods with the image my/app run this command in this folder'],
      ['tp sandbox down', 'End it; nothing is left'],
    ],
  });
}

function addDemo(program: Command, invoke: Invoke): void {
  const demo = program
    .command('demo')
    .summary('See the point in 20 seconds, without a cluster')
    .description(
      'Starts a sandbox with a shop of three services, sends a request through it, puts one service on this machine for ' +
        'requests with a header, and shows who answers with and without it. All of it stays up to be played with.',
    )
    .option('--once', 'Clean up at the end')
    .action((options: DemoOptions, command: Command) =>
      invoke(command, async (cli) => (await import('../commands/demo.ts')).demo(cli, options)),
    );
  describe(demo, {
    examples: [
      ['tp demo', 'See it, and go on playing with it'],
      ['tp demo --once', 'See it, and leave nothing'],
    ],
  });
}
