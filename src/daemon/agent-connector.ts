/** Makes tunnels to agents: port-forward, certificate, handshake. */
import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { TUNNEL_PORT, VERSION, type ClientDescription } from '../contract/index.ts';
import { describeError, type Clock, type Logger } from '../core/index.ts';
import { createError, isToolError } from '../errors/index.ts';
import type { KubeClient } from '../kube/index.ts';
import { connectTunnel, type InterceptedConnection, type Tunnel } from '../tunnel/index.ts';
import { createCredentialSource } from './credential-source.ts';

export interface AgentConnectorOptions {
  kube: KubeClient;
  clock: Clock;
  logger: Logger;
}

export interface TunnelHandlers {
  /** Absent: this tunnel takes no intercepted connection. */
  onIntercepted?: (connection: InterceptedConnection) => void;
  /** The application answered in place of the local process. */
  onFallback?: (reason: string) => void;
}

export interface AgentConnector {
  /** As agents know this client: one session for each connector. */
  readonly client: ClientDescription;
  /** Makes sure that the namespace has its certificates. @throws KUBE_* */
  prepare(options: { signal: AbortSignal }): Promise<void>;
  /** @throws {AGENT_UNREACHABLE} {TUNNEL_VERSION_MISMATCH} KUBE_*, or `signal.reason` */
  connect(pod: string, options: TunnelHandlers & { signal: AbortSignal }): Promise<Tunnel>;
}

export function createAgentConnector({ kube, clock, logger }: AgentConnectorOptions): AgentConnector {
  const client: ClientDescription = {
    sessionId: randomUUID(),
    name: `${userInfo().username}@${hostname()}`,
    version: VERSION,
  };
  const credentials = createCredentialSource({ kube, clientName: client.name, clock });

  return {
    client,
    prepare: (options): Promise<void> => credentials.ensure(options),
    async connect(pod, { onIntercepted, onFallback, signal }): Promise<Tunnel> {
      try {
        const target = { namespace: kube.namespace, pod, port: TUNNEL_PORT };
        // Credentials first: a carrier that waits for them would be silent.
        const current = await credentials.current({ signal });
        return await connectTunnel({
          carrier: await kube.portForward(target, { signal }),
          credentials: current,
          client,
          onIntercepted(connection) {
            if (onIntercepted !== undefined) onIntercepted(connection);
            else connection.refuse(createError('INTERCEPT_NOT_FOUND', { name: pod, known: [] }));
          },
          onEvent: ({ reason }) => onFallback?.(reason),
          clock,
          logger,
          signal,
        });
      } catch (error) {
        if (signal.aborted || !isToolError(error, 'TUNNEL_LOST')) throw error;
        throw createError('AGENT_UNREACHABLE', { pod, reason: describeError(error) }, { cause: error });
      }
    },
  };
}
