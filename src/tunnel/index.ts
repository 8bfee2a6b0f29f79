export {
  connectTunnel,
  type InterceptedConnection,
  type Reconnect,
  type Tunnel,
  type TunnelOptions,
} from './client.ts';
export { MAXIMUM_WAITING_SESSIONS, ResumeServer } from './resume-server.ts';
export type { TunnelCredentials } from './secure.ts';
export { acceptTunnel, type AgentSession, type TunnelServerOptions } from './server.ts';
