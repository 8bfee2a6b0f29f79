/** The files by which programs find their name servers, for programs that live in the cluster's network. */

/** `ndots:5` is what pods have: then short names mean what they mean there. */
const OPTIONS = 'options ndots:5 timeout:5 attempts:2';

/** The zone behind a pod's search path (`NAMESPACE.svc.ZONE svc.ZONE ZONE …`). */
export function zoneOf(search: readonly string[]): string {
  return search.find((domain) => domain.startsWith('svc.'))?.slice('svc.'.length) ?? 'cluster.local';
}

/** resolv.conf(5) with the pod's search path; the domains of its node are left out. */
export function formatResolvConf(nameServer: string, search: readonly string[]): string {
  const zone = zoneOf(search);
  const domains = search.filter((domain) => domain === zone || domain.endsWith(`.${zone}`));
  return [`nameserver ${nameServer}`, `search ${domains.join(' ')}`, OPTIONS, ''].join('\n');
}

/** nsswitch.conf(5) whose hosts come from /etc/hosts and DNS: other sources would answer for the machine. */
export function formatNsswitch(current: string): string {
  const others = current.split('\n').filter((line) => !/^\s*hosts\s*:/.test(line));
  return `hosts: files dns\n${others.join('\n')}`;
}
