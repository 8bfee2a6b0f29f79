import { userInfo } from 'node:os';
import { formatSocketAddress } from '../../src/address/index.ts';
import {
  describeRule,
  type InterceptRequest,
  type InterceptResult,
  type Redirect,
  type Rule,
} from '../../src/contract/index.ts';
import { raise } from '../../src/errors/index.ts';
import type { PortMapping } from '../arguments/port.ts';
import { toRule, type RuleOptions } from '../arguments/rule.ts';
import type { CallOptions } from '../client/client.ts';
import type { Answer } from '../client/request.ts';
import type { CliContext } from '../context.ts';
import { openEnvironmentFiles } from '../environment/files.ts';
import { addedEnvironment, childEnvironment } from '../environment/local-environment.ts';
import type { SyntaxName } from '../environment/syntaxes.ts';
import { assertCommand, runCommand } from '../held/child.ts';
import { assertPortsFree } from '../held/free-ports.ts';
import { runHeldCommand } from '../held/held-command.ts';
import {
  countPods,
  describeForwards,
  describeLocal,
  describeTraffic,
  formatMissingPods,
} from '../output/connection.ts';
import { formatLines } from '../output/text.ts';
import { agentImageOf, type ClusterOptions } from './cluster-options.ts';
import { noteMovedProxy, noteSilentPorts, noteWarnings } from './notes.ts';

export interface InterceptOptions extends ClusterOptions, RuleOptions {
  port?: PortMapping[];
  address: string;
  container?: string;
  attach: 'sidecar';
  redirect: 'auto' | Redirect;
  envFile?: string;
  envJson?: string;
  envSyntax: SyntaxName;
  yes?: boolean;
}

/** The agent answers within a round trip; who waits longer has lost the daemon or the cluster. */
const LEAVE_TIMEOUT_MS = 10_000;

/** `tp intercept NAME --port LOCAL[:REMOTE] [-- CMD]` */
export async function intercept(cli: CliContext, name: string, options: InterceptOptions): Promise<number> {
  const { command, environment, workingDirectory, signals } = cli;
  const { port: ports } = options;
  if (ports === undefined)
    raise('USAGE_INVALID', { reason: 'Say where the local process listens: --port LOCAL[:REMOTE]' });
  const rule = toRule(options, userInfo().username);
  // Everything that can fail on the laptop fails before the cluster is touched.
  if (command !== undefined) {
    await assertCommand(command[0], environment, workingDirectory);
    await assertPortsFree(
      options.address,
      ports.map(({ localPort }) => localPort),
    );
  }
  await using files = await openEnvironmentFiles(
    [
      { path: options.envFile, syntax: options.envSyntax },
      { path: options.envJson, syntax: 'json' },
    ],
    workingDirectory,
  );

  const request = toRequest(cli, { name, ports, rule }, options);
  const ask = (call: CallOptions<'intercept'>): Promise<Answer<'intercept'>> =>
    cli.client.call('intercept', request, call);
  const first = await cli.withProgress((onProgress) => ask({ signal: cli.signal, onProgress }));
  const { result } = first;
  const { proxy } = result.connection;
  const added = addedEnvironment({ container: result.environment, proxy, intercept: result.name });
  try {
    for (const skipped of await files.write(added)) cli.note({ message: skipped });
    await cli.print(result, () => formatIntercept(result, command !== undefined));
  } catch (error) {
    first.close();
    if (command === undefined) await leave(cli, result.name);
    throw error;
  }
  noteWarnings(cli, result.connection.warnings);
  if (command === undefined) {
    await noteSilentPorts(cli, result.ports);
    return 0;
  }
  return await runHeldCommand({
    ...cli,
    what: `The intercept of ${result.name}`,
    first,
    // Without progress: the terminal is the local process's now.
    renew: (signal) => ask({ signal }),
    onRenewed(answer) {
      cli.note({ message: `The intercept of ${result.name} is back` });
      noteMovedProxy(cli, proxy, answer.result.connection.proxy);
    },
    run: () =>
      runCommand({ command, environment: childEnvironment(environment, added), workingDirectory, signals }),
    // The next command may intercept the same again.
    release: () => leave(cli, result.name),
  });
}

function toRequest(
  cli: CliContext,
  what: { name: string; ports: PortMapping[]; rule: Rule | undefined },
  options: InterceptOptions,
): InterceptRequest {
  return {
    connection: cli.connection,
    ...what,
    localAddress: options.address,
    container: options.container,
    attach: options.attach,
    redirect: options.redirect,
    agentImage: agentImageOf(cli, options),
    forwards: options.forward ?? [],
    timeoutSeconds: options.timeout,
    confirmed: options.yes === true,
    hold: cli.command !== undefined,
  };
}

/** Ends the intercept, as well as it can be done: it may be gone already, and so may the daemon. */
async function leave(cli: CliContext, name: string): Promise<void> {
  const controller = new AbortController();
  const timeout = cli.clock.after(LEAVE_TIMEOUT_MS, () => controller.abort());
  const request = { connection: cli.connection, name };
  await cli.client.callRunning('leave', request, { signal: controller.signal }).catch(() => undefined);
  timeout.cancel();
}

function formatIntercept(result: InterceptResult, isHeld: boolean): string {
  const { name, workload, attach, ports, rule, connection } = result;
  const { context, namespace } = connection;
  const lines = [
    `Intercepting ${workload}, namespace ${namespace} of ${context}, ${countPods(result)} pods`,
    ...ports.map(
      (port) =>
        `  ${describeTraffic(port)} -> ${describeLocal(port)} by ${attach} and ${port.redirect}: ${port.reason}`,
    ),
    ...(rule === undefined ? [] : [`  only requests with ${describeRule(rule)}`]),
    `  proxy into the cluster: ${formatSocketAddress(connection.proxy)} (SOCKS5 and HTTP)`,
    ...describeForwards(connection),
  ];
  if (!isHeld) lines.push(`End it with: tp leave ${name}`);
  return formatLines(lines) + formatMissingPods(result);
}
