/** The Node object and its Lease: what shows others that the node is there. */
import { arch, cpus, release, totalmem } from 'node:os';
import { describeError, runInBackground, type Clock, type Logger } from '../../core/index.ts';
import type { V1Node } from '../../kube/index.ts';
import type { ClusterAccess } from '../store/cluster-access.ts';
import { LEASE_RENEW_MS, MAX_PODS } from './limits.ts';
import { NODE_ADDRESS } from './network/addresses.ts';
import { KUBELET_VERSION, NODE_NAME } from './node-name.ts';
import { toTime } from './pods/container-supervisor.ts';

const LEASE_NAMESPACE = 'kube-node-lease';
const LEASE_SECONDS = 40;

/** Makes the Node, ready, and renews its Lease until the signal aborts. */
export async function registerNode({
  cluster,
  clock,
  logger,
  signal,
}: {
  cluster: ClusterAccess;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}): Promise<void> {
  const node = describeNode(toTime(clock.epochMs()));
  if (cluster.get('nodes', { name: NODE_NAME }) === undefined) await cluster.create('nodes', node);
  await cluster.change('nodes', { name: NODE_NAME }, (copy) => ({ ...copy, status: node.status ?? {} }), {
    subresource: 'status',
  });
  const renew = async (): Promise<void> => {
    while (!signal.aborted) {
      await renewLease(cluster, clock).catch((error: unknown) =>
        logger.debug('the Lease of the node was not renewed', { error: describeError(error) }),
      );
      await clock.sleep(LEASE_RENEW_MS, { signal });
    }
  };
  runInBackground('renewing the Lease of the node', renew(), logger);
}

async function renewLease(cluster: ClusterAccess, clock: Clock): Promise<void> {
  const reference = { namespace: LEASE_NAMESPACE, name: NODE_NAME };
  const renewTime = new Date(clock.epochMs()).toISOString().replace('Z', '000Z');
  const renewed = await cluster.change('leases.coordination.k8s.io', reference, (copy) => ({
    ...copy,
    spec: { ...copy.spec, renewTime },
  }));
  if (renewed !== undefined) return;
  // The namespace is the controllers' to make; until then there is no Lease.
  if (cluster.get('namespaces', { name: LEASE_NAMESPACE }) === undefined) return;
  await cluster.create('leases.coordination.k8s.io', {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: reference,
    spec: { holderIdentity: NODE_NAME, leaseDurationSeconds: LEASE_SECONDS, renewTime },
  });
}

/** Kubernetes' word for this processor. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

function describeNode(now: string): V1Node {
  const architecture = architectures[arch()] ?? arch();
  const resources = {
    cpu: String(cpus().length),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: String(MAX_PODS),
    'ephemeral-storage': '0',
  };
  const labels = {
    'kubernetes.io/arch': architecture,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/hostname': NODE_NAME,
    'beta.kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': 'linux',
    'node-role.kubernetes.io/control-plane': '',
  };
  const conditions = [
    {
      type: 'MemoryPressure',
      status: 'False',
      reason: 'KubeletHasSufficientMemory',
      message: 'kubelet has sufficient memory available',
    },
    {
      type: 'DiskPressure',
      status: 'False',
      reason: 'KubeletHasNoDiskPressure',
      message: 'kubelet has no disk pressure',
    },
    {
      type: 'PIDPressure',
      status: 'False',
      reason: 'KubeletHasSufficientPID',
      message: 'kubelet has sufficient PID available',
    },
    { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
  ].map((condition) => ({ ...condition, lastHeartbeatTime: now, lastTransitionTime: now }));
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: NODE_NAME, labels },
    spec: { podCIDR: '10.244.0.0/16', podCIDRs: ['10.244.0.0/16'] },
    status: {
      capacity: resources,
      allocatable: resources,
      conditions,
      addresses: [
        { type: 'InternalIP', address: NODE_ADDRESS },
        { type: 'Hostname', address: NODE_NAME },
      ],
      nodeInfo: {
        architecture,
        bootID: '',
        containerRuntimeVersion: 'sandbox://1',
        kernelVersion: release(),
        kubeProxyVersion: KUBELET_VERSION,
        kubeletVersion: KUBELET_VERSION,
        machineID: '',
        operatingSystem: 'linux',
        osImage: 'tp sandbox',
        systemUUID: '',
      },
    },
  };
}
