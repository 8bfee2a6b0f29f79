/**
 * The pods' network: one bridge in the sandbox's network namespace, and each pod behind it in a namespace of its own,
 * which a small shell (the "pause" process of other runtimes) keeps alive.
 *
 * A pod's loopback is reachable from the node without a process inside: packets from 10.245.x.y to 127.0.0.0/8 are routed
 * over the bridge to the pod 10.244.x.y instead of to the node's own loopback (a rule and a table for each pod;
 * `route_localnet` lets both ends accept them). A port that nobody listens on refuses at once, as on any loopback.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { runCommand } from '../containers/run-command.ts';
import { quoteWord } from '../containers/shell.ts';
import {
  BRIDGE,
  createAddressPool,
  indexOf,
  LOOPBACK_SOURCE_SUBNET,
  loopbackSource,
  NODE_ADDRESS,
  POD_PREFIX,
  SERVICE_SUBNET,
} from './addresses.ts';

export interface PodNamespaceOptions {
  hostname: string;
  /** `spec.hostNetwork`: the pod uses the node's network namespace. */
  isHostNetwork: boolean;
  /** `spec.shareProcessNamespace`: the pod's containers share one process namespace. */
  isProcessShared: boolean;
}

/** The namespaces that a pod's containers share. */
export interface PodNamespace {
  address: string;
  /** Whose namespaces `/proc/<pid>/ns` are the pod's. */
  pid: number;
  /** To be the source of connections to the pod's loopback; missing on the node's network. */
  loopbackSource?: string;
  /** Ends when the namespaces' keeper does. */
  ended: Promise<void>;
  /** Idempotent. The pod's processes must be gone before. */
  close(): Promise<void>;
}

export interface PodNetwork {
  /** @throws {Error} with what `ip` or `unshare` said. */
  createNamespace(options: PodNamespaceOptions): Promise<PodNamespace>;
}

/** Sets up the sandbox's network namespace; it must be empty, and `/proc` must be that of the process namespace. */
export async function createPodNetwork(): Promise<PodNetwork> {
  await runCommand('sh', ['-ec', nodeScript]);
  const pool = createAddressPool();
  return {
    async createNamespace(options): Promise<PodNamespace> {
      const address = options.isHostNetwork ? NODE_ADDRESS : pool.take();
      try {
        const { keeper, pid } = await startKeeper(options, address);
        const ended = once(keeper, 'exit').then(() => undefined);
        let closing: Promise<void> | undefined;
        const close = async (): Promise<void> => {
          keeper.kill('SIGKILL');
          await ended;
          if (options.isHostNetwork) return;
          await runCommand(
            'ip',
            ['-batch', '-'],
            `rule del pref 10 ${ruleOf(address)}\nroute flush table ${tableOf(address)}\n`,
          );
          pool.release(address);
        };
        return {
          address,
          pid,
          ...(options.isHostNetwork ? {} : { loopbackSource: loopbackSource(address) }),
          ended,
          close: (): Promise<void> => (closing ??= close()),
        };
      } catch (error) {
        if (!options.isHostNetwork) pool.release(address);
        throw error;
      }
    },
  };
}

const nodeScript = `
ip -batch - <<END
link set lo up
link add ${BRIDGE} type bridge
addr add ${NODE_ADDRESS}/${POD_PREFIX} dev ${BRIDGE}
link set ${BRIDGE} up
route add local ${SERVICE_SUBNET} dev lo
route add local ${LOOPBACK_SOURCE_SUBNET} dev lo
rule add pref 100 lookup local
rule del pref 0
END
echo 1 >/proc/sys/net/ipv4/conf/${BRIDGE}/route_localnet
echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
`;

function ruleOf(address: string): string {
  return `from ${loopbackSource(address)} to 127.0.0.0/8 lookup ${tableOf(address)}`;
}

function tableOf(address: string): number {
  return 1000 + indexOf(address);
}

/** Runs in the pod's new namespaces; `nodePid` is any process in the node's network namespace. */
function podNetworkScript(address: string, nodePid: number): string {
  const link = `pod${indexOf(address)}`;
  return `
ip -batch - <<END
link set lo up
link add eth0 type veth peer name ${link} netns ${nodePid}
addr add ${address}/${POD_PREFIX} dev eth0
link set eth0 up
route add default via ${NODE_ADDRESS}
END
echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet
echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
nsenter --net=/proc/${nodePid}/ns/net ip -batch - <<END
link set ${link} master ${BRIDGE} up
rule add pref 10 ${ruleOf(address)}
route add 127.0.0.0/8 via ${address} dev ${BRIDGE} table ${tableOf(address)}
END
`;
}

async function startKeeper(
  options: PodNamespaceOptions,
  address: string,
): Promise<{ keeper: ChildProcess; pid: number }> {
  const namespaces = ['--uts', '--ipc'];
  if (!options.isHostNetwork) namespaces.push('--net');
  if (options.isProcessShared) namespaces.push('--pid', '--fork', '--kill-child');
  const script = [
    options.isHostNetwork ? '' : podNetworkScript(address, process.pid),
    `hostname ${quoteWord(options.hostname)}`,
    // Read by the shell itself, so that it is its own process id, and as this /proc numbers it.
    'read -r pid rest </proc/self/stat',
    'echo "$pid"',
    // As process 1 of a shared namespace it collects what its processes leave behind.
    options.isProcessShared ? 'while :; do sleep 86400 & wait; done' : 'exec sleep infinity',
  ].join('\n');
  const keeper = spawn('unshare', [...namespaces, 'sh', '-ec', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaint = '';
  keeper.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const lines = createInterface({ input: keeper.stdout });
  const pid = await new Promise<number>((resolve, reject) => {
    lines.once('line', (line) => resolve(Number(line)));
    keeper.once('error', reject);
    keeper.once('close', (code) =>
      reject(new Error(complaint.trim() || `unshare: exit code ${code ?? 'none'}`)),
    );
  });
  return { keeper, pid };
}
