/** `tp sandbox up|down|status|kubeconfig|load`: a small Kubernetes on this machine, for trying and testing. */
import { dirname, join } from 'node:path';
import { assertSandboxName, DEFAULT_SANDBOX, type SandboxState } from '../../src/contract/index.ts';
import { raise } from '../../src/errors/index.ts';
import type { CliContext } from '../context.ts';
import { formatLines } from '../output/text.ts';
import { preflight } from '../sandbox/preflight.ts';
import { askAll, loadImage, requireState, startSandbox, stopSandbox } from '../sandbox/running.ts';

export const sandboxActions = ['up', 'down', 'status', 'kubeconfig', 'load'] as const;
export type SandboxAction = (typeof sandboxActions)[number];

export interface SandboxCommandOptions {
  port?: number;
  sandbox?: string;
}

export async function sandbox(
  cli: CliContext,
  action: SandboxAction,
  words: readonly string[],
  options: SandboxCommandOptions,
): Promise<void> {
  if (action === 'load') {
    await load(cli, words, options);
    return;
  }
  if (words.length > 1) raise('USAGE_INVALID', { reason: `"tp sandbox ${action}" takes one name` });
  const named = words[0] ?? options.sandbox;
  const name = named ?? DEFAULT_SANDBOX;
  assertSandboxName(name);
  const home = cli.client.paths.directory;
  switch (action) {
    case 'up': {
      const state = await up(cli, name, options.port ?? 0);
      await cli.print(state, () => formatUp(state));
      return;
    }
    case 'down':
      await stopSandbox(home, name, cli);
      await cli.print({ ended: [name] }, () => `Sandbox ${name} has ended\n`);
      return;
    case 'status': {
      const states = named === undefined ? await askAll(home) : [await requireState(home, name)];
      await cli.print(states, () => formatStates(states));
      return;
    }
    case 'kubeconfig': {
      const { kubeconfig } = await requireState(home, name);
      await cli.print({ kubeconfig }, () => `${kubeconfig}\n`);
    }
  }
}

/** @throws {SANDBOX_UNSUPPORTED} and what {@link startSandbox} does */
export async function up(
  cli: CliContext,
  name: string,
  port: number,
  withShop = false,
): Promise<SandboxState> {
  const { environment } = cli;
  const home = cli.client.paths.directory;
  const machine = { platform: process.platform, isRoot: process.getuid?.() === 0, environment };
  const { isRootless } = await preflight(machine);
  const program = join(dirname(cli.daemonProgram), 'sandbox.mjs');
  return await startSandbox({ ...cli, home, name, port, isRootless, withShop, program });
}

/** `IMAGE`, or `IMAGE=PROGRAM ARGUMENT...`: the program sees the folder that the command was given in. */
async function load(
  cli: CliContext,
  [first, ...others]: readonly string[],
  options: SandboxCommandOptions,
): Promise<void> {
  if (first === undefined)
    raise('USAGE_INVALID', { reason: 'Name the image: tp sandbox load IMAGE[=COMMAND ...]' });
  const name = options.sandbox ?? DEFAULT_SANDBOX;
  assertSandboxName(name);
  const [, image = first, program = ''] = /^([^=]+)=(.*)$/.exec(first) ?? [];
  if (program === '' && others.length > 0)
    raise('USAGE_INVALID', {
      reason: `Say the command after "=": tp sandbox load ${image}=${others.join(' ')}`,
    });
  const home = cli.client.paths.directory;
  await requireState(home, name);
  const command = program === '' ? [] : [program, ...others];
  await loadImage(home, name, image, { command, directory: cli.workingDirectory });
  const stands = command.length === 0 ? 'what its containers say' : command.join(' ');
  await cli.print(
    { image, command, directory: cli.workingDirectory },
    () => `Image ${image} runs ${stands}\n`,
  );
}

function formatUp({ name, server, kubeconfig, startMs }: SandboxState): string {
  return formatLines([
    `Sandbox ${name} is ready after ${(startMs / 1000).toFixed(1)} s: ${server}`,
    `Use it:   export KUBECONFIG=${kubeconfig}`,
    `Merge it: KUBECONFIG=$HOME/.kube/config:${kubeconfig} kubectl config view --flatten > merged`,
    `End it:   tp sandbox down ${name}`,
  ]);
}

function formatStates(states: readonly SandboxState[]): string {
  if (states.length === 0) return 'No sandbox runs. Start one: tp sandbox up\n';
  return formatLines(
    states.map(({ name, server, since, memoryBytes, kubeconfig, isRootless }) => {
      const size = `${String(Math.round(memoryBytes / 1024 / 1024))} MiB`;
      return `${name}: ${server} since ${since}, ${size}, ${isRootless ? 'rootless' : 'as root'}, ${kubeconfig}`;
    }),
  );
}
