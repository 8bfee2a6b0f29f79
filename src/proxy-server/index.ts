export type { ProxyCredentials } from './credentials.ts';
export { startForward, type Forward, type ForwardOptions } from './forward.ts';
export { startProxyServer, type ProxyServer, type ProxyServerOptions } from './proxy-server.ts';
