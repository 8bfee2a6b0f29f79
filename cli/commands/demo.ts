/**
 * `tp demo`: the point of the program in about 20 seconds, on a machine without a cluster. A sandbox with a small shop, a
 * request through it, one service intercepted by a header, and the same request with and without the header.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import {
  SHOP_NAMESPACE,
  sandboxPaths,
  type ConnectionSelector,
  type SandboxState,
} from '../../src/contract/index.ts';
import { raise } from '../../src/errors/index.ts';
import type { CliContext } from '../context.ts';
import { askShop, formatPath, type ShopAnswer } from '../demo/shop-client.ts';
import { stopSandbox } from '../sandbox/running.ts';
import { up } from './sandbox.ts';

export interface DemoOptions {
  once?: boolean;
}

const SANDBOX = 'demo';
const INTERCEPTED = 'catalog';
const HEADER = 'x-tp-demo';
const TIMEOUT_SECONDS = 60;

export interface DemoOutput {
  sandbox: SandboxState;
  url: string;
  header: string;
  inspect: string;
  answers: { before: ShopAnswer; withHeader: ShopAnswer; withoutHeader: ShopAnswer };
}

export async function demo(cli: CliContext, options: DemoOptions): Promise<void> {
  const say = (text: string): void => {
    if (cli.options.output === 'text') cli.stdout.write(`${text}\n`);
  };
  const home = cli.client.paths.directory;
  say(
    'Starting a Kubernetes sandbox with a shop of three services: web asks catalog and orders, orders asks catalog ...',
  );
  const sandbox = await up(cli, SANDBOX, 0, true);
  let local: LocalProcess | undefined;
  const cleanUp = async (): Promise<void> => {
    // The sandbox goes at once, and with it all that could be undone in it.
    local?.child.kill('SIGKILL');
    const connection = selectorFor(cli, sandbox);
    const signal = AbortSignal.timeout(TIMEOUT_SECONDS * 1000);
    await cli.client.callRunning('quit', { connection }, { signal }).catch(() => undefined);
    const status = await cli.client.callRunning('status', {}, { signal }).catch(() => undefined);
    // A daemon without connections was started for this.
    if (status?.result.connections.length === 0) await cli.client.callRunning('quit', {}, { signal });
    await stopSandbox(home, SANDBOX, { clock: cli.clock, signal });
  };
  try {
    say(`It is ready after ${(sandbox.startMs / 1000).toFixed(1)} s. Connecting this machine to it ...`);
    const connection = selectorFor(cli, sandbox);
    const { result: connected } = await cli.withProgress((onProgress) =>
      cli.client.call(
        'connect',
        {
          connection,
          forwards: [{ address: '127.0.0.1', localPort: 0, host: 'web', port: 80 }],
          timeoutSeconds: TIMEOUT_SECONDS,
          hold: false,
        },
        { signal: cli.signal, onProgress },
      ),
    );
    const url = `http://127.0.0.1:${String(connected.forwards[0]?.boundPort ?? 0)}/`;
    const ask = (headers: Record<string, string> = {}): Promise<ShopAnswer> =>
      askShop(url, headers, { clock: cli.clock, signal: cli.signal, timeoutMs: TIMEOUT_SECONDS * 1000 });
    const before = await ask();
    say(`\n$ curl ${url}\nThe path that the request took:\n${formatPath(before)}`);

    local = await startLocal(cli, sandbox);
    const value = userInfo()
      .username.toLowerCase()
      .replace(/[^a-z0-9-]/g, '-');
    const header = `${HEADER}: ${value}`;
    say(`Putting ${INTERCEPTED} on this machine, for requests with the header ${header} ...`);
    await cli.withProgress((onProgress) =>
      cli.client.call(
        'intercept',
        {
          connection,
          name: INTERCEPTED,
          ports: [{ localPort: (local as LocalProcess).port }],
          rule: { kind: 'header', name: HEADER, value: { kind: 'exact', text: value } },
          localAddress: '127.0.0.1',
          attach: 'sidecar',
          redirect: 'auto',
          forwards: [],
          timeoutSeconds: TIMEOUT_SECONDS,
          confirmed: true,
          hold: false,
        },
        { signal: cli.signal, onProgress },
      ),
    );
    const withHeader = await ask({ [HEADER]: value });
    say(
      `\n$ curl -H '${header}' ${url}\nWith the header, your local process answers for ${INTERCEPTED}:\n${formatPath(withHeader)}`,
    );
    const withoutHeader = await ask();
    say(`$ curl ${url}\nWithout it, everybody else keeps the cluster's own:\n${formatPath(withoutHeader)}`);

    const { inspect } = local;
    const output: DemoOutput = {
      sandbox,
      url,
      header,
      inspect,
      answers: { before, withHeader, withoutHeader },
    };
    if (options.once === true) {
      await cleanUp();
      say('Cleaned up: nothing is left.');
    } else say(formatNext(output));
    if (cli.options.output !== 'text') await cli.print(output, () => '');
  } catch (error) {
    await cleanUp().catch(() => undefined);
    throw error;
  }
}

function selectorFor(cli: CliContext, { kubeconfig }: SandboxState): ConnectionSelector {
  return { ...cli.connection, context: undefined, kubeconfig: [kubeconfig], namespace: SHOP_NAMESPACE };
}

interface LocalProcess {
  child: ChildProcess;
  port: number;
  /** `127.0.0.1:PORT` of its debugger. */
  inspect: string;
}

/** The catalog as a developer would run it: outside of any cluster, with a debugger's door. It ends with the sandbox. */
async function startLocal(cli: CliContext, { name }: SandboxState): Promise<LocalProcess> {
  const home = cli.client.paths.directory;
  const child = spawn(
    process.execPath,
    ['--inspect=127.0.0.1:0', join(dirname(cli.daemonProgram), 'shop.mjs')],
    {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...cli.environment,
        NODE_OPTIONS: '',
        SHOP_SERVICE: INTERCEPTED,
        SHOP_BY: 'your local process',
        SHOP_ADDRESS: '127.0.0.1',
        SHOP_LIVES_WITH: sandboxPaths(home, name).directory,
        PORT: '0',
      },
    },
  );
  const output = child.stdout;
  const complaints = child.stderr;
  try {
    const [port, inspect] = await Promise.all([
      findInLines(output, /listens on (\d+)/),
      findInLines(complaints, /ws:\/\/([^/]+)\//),
    ]);
    return { child, port: Number(port), inspect };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    output.destroy();
    complaints.destroy();
    child.unref();
  }
}

async function findInLines(stream: Readable, pattern: RegExp): Promise<string> {
  for await (const line of createInterface({ input: stream })) {
    const found = pattern.exec(line)?.[1];
    if (found !== undefined) return found;
  }
  raise('COMMAND_NOT_FOUND', { command: 'node --inspect shop.mjs', reason: 'it ended at once' });
}

function formatNext({ sandbox, url, header, inspect }: DemoOutput): string {
  return `All of it stays up. Try:
  curl -H '${header}' ${url}
  export KUBECONFIG=${sandbox.kubeconfig}
  tp --namespace ${SHOP_NAMESPACE} status      # what is intercepted, and what arrived
  kubectl --namespace ${SHOP_NAMESPACE} get pods   # any client of Kubernetes works

Set a breakpoint in your local ${INTERCEPTED} (it runs under --inspect on ${inspect}):
  VS Code: Debug: Attach to Node Process, or a launch configuration with "request": "attach", "port": ${inspect.split(':')[1] ?? ''}
  Chrome:  chrome://inspect, Configure, ${inspect}

End it:
  tp quit && tp sandbox down ${sandbox.name}`;
}
