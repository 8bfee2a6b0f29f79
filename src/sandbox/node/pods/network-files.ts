/** Texts of `/etc/hosts` and `/etc/resolv.conf` of a pod. Pure. */
import type { V1Pod } from '../../../kube/index.ts';
import { DNS_ADDRESS } from '../network/addresses.ts';

/** A pod's host name: its own choice, or its name, as long as Linux allows (63 bytes, no dash or dot at the end). */
export function hostnameOf({ metadata, spec }: V1Pod): string {
  const chosen = spec?.hostname;
  if (chosen !== undefined && chosen !== '') return chosen;
  return (metadata?.name ?? '').slice(0, 63).replace(/[-.]+$/, '');
}

export function hostsFile(pod: V1Pod, address: string): string {
  const hostname = hostnameOf(pod);
  const { subdomain, hostAliases = [] } = pod.spec ?? {};
  const names =
    subdomain === undefined || subdomain === ''
      ? hostname
      : `${hostname}.${subdomain}.${pod.metadata?.namespace ?? ''}.svc.cluster.local\t${hostname}`;
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    `${address}\t${names}`,
    ...hostAliases.map(({ ip, hostnames = [] }) => [ip, ...hostnames].join('\t')),
  ];
  return `${lines.join('\n')}\n`;
}

/** There is no other resolver than the sandbox's, so `Default` gives it too, without the search list. */
export function resolvConf({ metadata, spec }: V1Pod): string {
  const { dnsPolicy = 'ClusterFirst', dnsConfig } = spec ?? {};
  const namespace = metadata?.namespace ?? '';
  const isCluster = dnsPolicy === 'ClusterFirst' || dnsPolicy === 'ClusterFirstWithHostNet';
  const nameservers = dnsPolicy === 'None' ? [] : [DNS_ADDRESS];
  const searches = isCluster ? [`${namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local'] : [];
  const options = new Map(isCluster ? [['ndots', '5']] : []);
  for (const { name = '', value = '' } of dnsConfig?.options ?? []) options.set(name, value);
  const allSearches = [...searches, ...(dnsConfig?.searches ?? [])];
  const lines = [...nameservers, ...(dnsConfig?.nameservers ?? [])].map((address) => `nameserver ${address}`);
  if (allSearches.length > 0) lines.unshift(`search ${allSearches.join(' ')}`);
  if (options.size > 0)
    lines.push(
      `options ${[...options].map(([name, value]) => (value === '' ? name : `${name}:${value}`)).join(' ')}`,
    );
  return `${lines.join('\n')}\n`;
}
