export {
  connectTunnel,
  type InterceptedConnection,
  type Tunnel,
  type TunnelCredentials,
  type TunnelOptions,
} from './client.ts';
export { acceptTunnel, type AgentSession, type TunnelServerOptions } from './server.ts';
