/** Name look-ups as the pod would make them, and the addresses that nobody may dial. */
import { readFileSync } from 'node:fs';
import { lookup as systemLookup } from 'node:dns/promises';
import { toNetError } from '../src/net/index.ts';

export interface ResolverConfig {
  search: string[];
  servers: string[];
}

/** Reads `nameserver` and `search` lines (resolv.conf(5)); the last `search` line counts. */
export function parseResolvConf(text: string): ResolverConfig {
  const config: ResolverConfig = { search: [], servers: [] };
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && values[0] !== undefined) config.servers.push(values[0]);
    if (keyword === 'search') config.search = values;
  }
  return config;
}

export function readResolvConf(path = '/etc/resolv.conf'): ResolverConfig {
  try {
    return parseResolvConf(readFileSync(path, 'utf8'));
  } catch {
    return { search: [], servers: [] };
  }
}

type SystemLookup = (name: string) => Promise<string[]>;

const resolveBySystem: SystemLookup = async (name) =>
  (await systemLookup(name, { all: true, verbatim: true })).map(({ address }) => address);

export interface Resolver {
  /**
   * Addresses of `name`; empty when it does not exist. With the scope `cluster` a name is looked up only with the search
   * path behind it or where it lies in a cluster's zone, so that a public name is never mistaken for one of the cluster.
   */
  lookup(name: string, scope: 'cluster' | 'any'): Promise<string[]>;
}

export function createResolver(config: ResolverConfig, resolve: SystemLookup = resolveBySystem): Resolver {
  // The search path is `NAMESPACE.svc.ZONE svc.ZONE ZONE` and then the node's own domains.
  const zone = config.search.find((domain) => domain.startsWith('svc.'))?.slice('svc.'.length);
  const clusterDomains =
    zone === undefined
      ? []
      : config.search.filter((domain) => domain === zone || domain.endsWith(`.${zone}`));

  async function find(name: string): Promise<string[]> {
    try {
      return await resolve(name);
    } catch (error) {
      const known = toNetError(error, { target: { host: name, port: 0 }, seconds: 0 });
      if (known.code === 'NET_NAME_NOT_FOUND') return [];
      throw known;
    }
  }

  return {
    async lookup(name, scope): Promise<string[]> {
      const absolute = name.replace(/\.$/, '');
      if (scope === 'any') return find(name);
      if (zone !== undefined && (absolute === zone || absolute.endsWith(`.${zone}`)))
        return find(`${absolute}.`);
      for (const domain of clusterDomains) {
        const addresses = await find(`${absolute}.${domain}.`);
        if (addresses.length > 0) return addresses;
      }
      return [];
    },
  };
}
