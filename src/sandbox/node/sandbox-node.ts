/**
 * The sandbox's node: scheduler, kubelet, pod network, service proxy and DNS. It runs inside the sandbox's user, network,
 * mount and process namespaces and takes them as its own: whoever starts it has made them with `unshare` and mounted
 * /proc. When the process namespace ends, however it ends, nothing of the node is left.
 */
import { readFile } from 'node:fs/promises';
import { runCommand } from './containers/run-command.ts';
import { readMachineRoot } from './containers/machine-root.ts';
import { startDnsServer } from './dns/dns-server.ts';
import { createEventRecorder } from './event-recorder.ts';
import { startKubelet } from './kubelet.ts';
import type { KubeletApi } from './kubelet-api.ts';
import { DNS_ADDRESS } from './network/addresses.ts';
import { createPodNetwork } from './network/pod-network.ts';
import { startServiceProxy } from './network/service-proxy.ts';
import { registerNode } from './node-object.ts';
import type { NodeOptions } from './node-options.ts';
import { createPodStreams } from './pod-streams.ts';
import { startScheduler } from './scheduler.ts';

export interface SandboxNode {
  kubelet: KubeletApi;
  /** Ends all pods at once. What is left then goes with the namespaces. */
  close(): Promise<void>;
}

/**
 * Resolves when the node is ready. The address 10.244.0.1 (`NODE_ADDRESS`) can be listened on from then on.
 * @throws {Error} with what `ip`, `mount` or `unshare` said.
 */
export async function startNode({
  cluster,
  images,
  issueToken,
  folder,
  clock,
  logger,
}: NodeOptions): Promise<SandboxNode> {
  await runCommand('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', folder]);
  const network = await createPodNetwork();
  const lifetime = new AbortController();
  const recorderFor = (component: string): ReturnType<typeof createEventRecorder> =>
    createEventRecorder({ cluster, clock, logger, component });
  const events = recorderFor('kubelet');
  const node = {
    cluster,
    images,
    clock,
    logger,
    events,
    machine: await readMachineRoot(),
    isUserNamespace: await isOnlyRoot(),
  };
  await registerNode({ cluster, clock, logger, signal: lifetime.signal });
  const proxy = startServiceProxy({ cluster, clock, logger });
  const dns = await startDnsServer(DNS_ADDRESS, cluster);
  const kubelet = await startKubelet(node, network, { folder, issueToken });
  const stopScheduler = startScheduler({ cluster, clock, logger, events: recorderFor('default-scheduler') });
  return {
    kubelet: createPodStreams(kubelet),
    async close(): Promise<void> {
      stopScheduler();
      await kubelet.close();
      lifetime.abort();
      await Promise.all([proxy.close(), dns.close()]);
    },
  };
}

/** Whether this user namespace has no other user than root: the one an ordinary user makes. */
async function isOnlyRoot(): Promise<boolean> {
  const map = await readFile('/proc/self/uid_map', 'utf8');
  return map
    .trim()
    .split('\n')
    .every((line) => Number(line.trim().split(/\s+/)[2]) === 1);
}
