/** The variables that lead a program through the daemon's proxy. */
import { formatSocketAddress, type SocketAddress } from '../address/index.ts';

/** What stays off the proxy: the laptop itself. Cluster names must not stand here, whatever the container had. */
const noProxy = 'localhost,127.0.0.1,::1';

/**
 * Variables for a program whose connections shall leave through `proxy`, which speaks SOCKS5 and
 * HTTP on one port. Both spellings are set, because curl reads `http_proxy` only in lower case and others only in upper
 * case. `socks5h` lets the proxy resolve names, so that cluster names work. `NODE_USE_ENV_PROXY` makes Node 22.21 and
 * later honour the rest.
 */
export function proxyEnvironment(proxy: SocketAddress): Record<string, string> {
  const authority = formatSocketAddress(proxy);
  const http = `http://${authority}`;
  const socks = `socks5h://${authority}`;
  return {
    HTTP_PROXY: http,
    http_proxy: http,
    HTTPS_PROXY: http,
    https_proxy: http,
    ALL_PROXY: socks,
    all_proxy: socks,
    NO_PROXY: noProxy,
    no_proxy: noProxy,
    NODE_USE_ENV_PROXY: '1',
  };
}
