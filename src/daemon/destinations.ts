/**
 * Which connections of local programs belong to the cluster. A program that uses the proxy sends it everything; public
 * names must go where they went before.
 *
 * | destination | goes |
 * |---|---|
 * | loopback, link-local, a subnet of this machine | local |
 * | a name in the cluster's zone, or without a dot | cluster |
 * | any other name | cluster if the pod's search path finds it (`web.shop`), else local |
 * | a private address (RFC 1918, RFC 4193, RFC 6598, RFC 2544) | cluster |
 * | any other address | local |
 */
import { BlockList, isIP } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import type { Clock } from '../core/index.ts';

export type Side = 'cluster' | 'local';

/** What was found out about a name is kept so long: the usual TTL of cluster names (CoreDNS: 5-30 s). */
const REMEMBERED_MS = 30_000;
/** Names remembered; the oldest makes room. */
export const MAXIMUM_NAMES = 1000;
/** `ndots:5` of a pod's resolv.conf: names with more dots are looked up as they are. */
const NDOTS = 5;

const privateNetworks = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['198.18.0.0', 15],
] as const)
  privateNetworks.addSubnet(network, prefix, 'ipv4');
privateNetworks.addSubnet('fc00::', 7, 'ipv6');

const neverCluster = new BlockList();
neverCluster.addSubnet('127.0.0.0', 8, 'ipv4');
neverCluster.addSubnet('169.254.0.0', 16, 'ipv4');
neverCluster.addAddress('0.0.0.0', 'ipv4');
neverCluster.addAddress('::1', 'ipv6');
neverCluster.addAddress('::', 'ipv6');
neverCluster.addSubnet('fe80::', 10, 'ipv6');

export interface DestinationPolicyOptions {
  /** Addresses of a name as a cluster name; empty when it is none. */
  lookupInCluster: (name: string, options: { signal: AbortSignal }) => Promise<string[]>;
  /** `os.networkInterfaces()`, asked each time: networks come and go. */
  networkInterfaces: () => NodeJS.Dict<NetworkInterfaceInfo[]>;
  clock: Clock;
}

export interface DestinationPolicy {
  sideOf(host: string, options: { signal: AbortSignal }): Promise<Side>;
}

export function createDestinationPolicy(options: DestinationPolicyOptions): DestinationPolicy {
  const remembered = new Map<string, { side: Side; untilMs: number }>();

  async function sideOfUnclearName(name: string, signal: AbortSignal): Promise<Side> {
    const known = remembered.get(name);
    if (known !== undefined && known.untilMs > options.clock.monotonicMs()) return known.side;
    const side = (await options.lookupInCluster(name, { signal })).length > 0 ? 'cluster' : 'local';
    const [oldest] = remembered.keys();
    if (remembered.size >= MAXIMUM_NAMES && oldest !== undefined) remembered.delete(oldest);
    remembered.delete(name);
    remembered.set(name, { side, untilMs: options.clock.monotonicMs() + REMEMBERED_MS });
    return side;
  }

  return {
    async sideOf(host, { signal }): Promise<Side> {
      if (isIP(host) !== 0) return sideOfAddress(host, options.networkInterfaces());
      const name = host.toLowerCase().replace(/\.$/, '');
      return sideOfName(name) ?? sideOfUnclearName(name, signal);
    },
  };
}

/** The side of a name that tells it by itself; undefined when the cluster must be asked. */
function sideOfName(name: string): Side | undefined {
  if (name === 'localhost' || name.endsWith('.localhost')) return 'local';
  const labels = name.split('.');
  if (labels.length === 1) return 'cluster';
  if (labels.at(-1) === 'svc' || name.endsWith('.cluster.local')) return 'cluster';
  return labels.length > NDOTS ? 'local' : undefined;
}

function sideOfAddress(address: string, interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): Side {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (neverCluster.check(address, family) || !privateNetworks.check(address, family)) return 'local';
  const own = new BlockList();
  for (const { cidr, internal } of Object.values(interfaces).flatMap((entries) => entries ?? [])) {
    if (cidr === null || internal) continue;
    const [network = '', prefix] = cidr.split('/');
    own.addSubnet(network, Number(prefix), isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  return own.check(address, family) ? 'local' : 'cluster';
}
