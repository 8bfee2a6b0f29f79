/** Makes tunnels to agents: port-forward, certificate, handshake. */
import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { Duplex } from 'node:stream';
import { TUNNEL_PORT, VERSION, type ClientDescription } from '../contract/index.ts';
import { describeError, type Clock, type Logger } from '../core/index.ts';
import { createError, isToolError } from '../errors/index.ts';
import { kubeStatus, type KubeClient } from '../kube/index.ts';
import { createKey } from '../pki/index.ts';
import {
  connectTunnel,
  type InterceptedConnection,
  type Tunnel,
  type TunnelCredentials,
} from '../tunnel/index.ts';
import { createCredentialSource } from './credential-source.ts';

export interface AgentConnectorOptions {
  kube: KubeClient;
  /** Of this daemon, in PEM; a key of its own for each connector when absent. */
  loadKey?: () => Promise<string>;
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

export function createAgentConnector({
  kube,
  loadKey = createKey,
  clock,
  logger,
}: AgentConnectorOptions): AgentConnector {
  const client: ClientDescription = {
    sessionId: randomUUID(),
    name: `${userInfo().username}@${hostname()}`,
    version: VERSION,
  };
  const credentials = createCredentialSource({ kube, clientName: client.name, loadKey, clock });

  async function openCarrier(
    pod: string,
    { signal }: { signal: AbortSignal },
  ): Promise<{ carrier: Duplex; credentials: TunnelCredentials }> {
    const target = { namespace: kube.namespace, pod, port: TUNNEL_PORT };
    // Credentials first: a carrier that waits for them would be silent.
    const current = await credentials.current({ signal });
    return { carrier: await kube.portForward(target, { signal }), credentials: current };
  }

  return {
    client,
    prepare: (options): Promise<void> => credentials.ensure(options),
    async connect(pod, { onIntercepted, onFallback, signal }): Promise<Tunnel> {
      try {
        return await connectTunnel({
          ...(await openCarrier(pod, { signal })),
          reconnect: { open: (attempt) => openCarrier(pod, attempt), isGone: isPodGone },
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

/** Also when a pod of the same name has come: it knows nothing of the session, and says so. */
function isPodGone(error: unknown): boolean {
  return kubeStatus(error)?.status === 404;
}
