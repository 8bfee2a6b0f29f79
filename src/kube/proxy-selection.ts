/**
 * Which proxy leads to an API server: `proxy-url` of the kubeconfig, else the environment, by the rules of Go's
 * `net/http.ProxyFromEnvironment`, which are kubectl's.
 *
 * @see https://pkg.go.dev/golang.org/x/net/http/httpproxy
 */
import { BlockList, isIP } from 'node:net';
import { raise } from '../errors/index.ts';

export interface Proxy {
  kind: 'http' | 'https' | 'socks5';
  host: string;
  port: number;
  credentials: { username: string; password: string } | undefined;
}

const defaultPorts = { http: 80, https: 443, socks5: 1080 } as const;

/** Schemes as users write them. The name is resolved by the proxy in both forms of SOCKS5, as Go does it. */
const kinds: Readonly<Record<string, Proxy['kind'] | undefined>> = {
  'http:': 'http',
  'https:': 'https',
  'socks5:': 'socks5',
  'socks5h:': 'socks5',
};

/**
 * Chooses the way to `server`; undefined means a direct connection.
 * @throws KUBECONFIG_INVALID when the proxy's URL cannot be used
 */
export function selectProxy(
  server: URL,
  proxyUrl: string | undefined,
  environment: Readonly<NodeJS.ProcessEnv>,
): Proxy | undefined {
  if (proxyUrl !== undefined) return parseProxy(proxyUrl, 'proxy-url');
  const [name, value] = findVariable(
    environment,
    server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY',
  );
  if (value === '' || isExcluded(server, findVariable(environment, 'NO_PROXY')[1])) return undefined;
  return parseProxy(value, name);
}

function findVariable(environment: Readonly<NodeJS.ProcessEnv>, name: string): [string, string] {
  const found = [name, name.toLowerCase()].find((candidate) => (environment[candidate] ?? '') !== '') ?? name;
  return [found, environment[found] ?? ''];
}

function parseProxy(text: string, source: string): Proxy {
  // "host:port" alone means an HTTP proxy.
  const url = tryParse(text.includes('://') ? text : `http://${text}`);
  const kind = url === undefined ? undefined : kinds[url.protocol];
  if (url === undefined || kind === undefined || url.hostname === '') {
    const reason = `"${redact(text)}" is not the URL of a proxy: expected http, https or socks5`;
    raise('KUBECONFIG_INVALID', { path: source, reason });
  }
  const { username, password } = url;
  return {
    kind,
    host: hostOf(url),
    port: url.port === '' ? defaultPorts[kind] : Number(url.port),
    credentials:
      username === ''
        ? undefined
        : { username: decodeURIComponent(username), password: decodeURIComponent(password) },
  };
}

function tryParse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function redact(text: string): string {
  return text.replace(/\/\/[^@/]*@/, '//…@');
}

/** The host of `url` without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/** The port of `url`, also when it is the scheme's own. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** Tells whether NO_PROXY, or being on this machine, keeps `server` away from the environment's proxy. */
function isExcluded(server: URL, noProxy: string): boolean {
  const host = hostOf(server).toLowerCase().replace(/\.$/, '');
  if (host === 'localhost' || isLoopback(host)) return true;
  const patterns = noProxy.split(',').map((pattern) => pattern.trim().toLowerCase());
  return patterns.some((pattern) => pattern !== '' && matches(pattern, host, portOf(server)));
}

function isLoopback(host: string): boolean {
  return (isIP(host) === 4 && host.startsWith('127.')) || host === '::1';
}

/** One pattern of NO_PROXY: `*`, a CIDR, or an IP address, domain or `.domain` with an optional port. */
function matches(pattern: string, host: string, port: number): boolean {
  if (pattern === '*') return true;
  if (pattern.includes('/')) return isInSubnet(pattern, host);
  const { name, patternPort } = splitPort(pattern);
  if (patternPort !== undefined && patternPort !== port) return false;
  if (isIP(name) !== 0 || isIP(host) !== 0) return name === host;
  const domain = name.replace(/^\*\./, '.');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function splitPort(pattern: string): { name: string; patternPort: number | undefined } {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<name>[^:]+)):(?<port>\d+)$/.exec(pattern);
  if (match?.groups === undefined)
    return { name: pattern.replace(/^\[(.*)\]$/, '$1'), patternPort: undefined };
  const { v6, name = '', port } = match.groups;
  return { name: v6 ?? name, patternPort: Number(port) };
}

function isInSubnet(cidr: string, host: string): boolean {
  const family = isIP(host) === 6 ? 'ipv6' : 'ipv4';
  const [network = '', prefix = ''] = cidr.split('/');
  if (isIP(host) === 0 || isIP(network) !== isIP(host) || !/^\d{1,3}$/.test(prefix)) return false;
  if (Number(prefix) > (family === 'ipv6' ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family);
  return list.check(host, family);
}
