/**
 * The agent as a whole: taken ports, tunnel, readiness. Composition only; what each part does is in its own file.
 */
import { setMaxListeners } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { RESUME_ALPN, type AgentDescription, type ControlRequest } from '../src/contract/index.ts';
import { createDisposalStack, type Clock, type Logger } from '../src/core/index.ts';
import { createTcpDialer, createUdpDialer, type Listener } from '../src/net/index.ts';
import { HeldContent } from '../src/protocol/http2/index.ts';
import { ResumeServer, acceptTunnel, type AgentSession } from '../src/tunnel/index.ts';
import { createAppDialer, type AppDialer } from './app-dialer.ts';
import { ClaimTable } from './claims.ts';
import { createPolicyDialers } from './dial-policy.ts';
import { environmentOf } from './environment.ts';
import { listenForHealth } from './health.ts';
import { identityOf } from './identity.ts';
import { createResolver, readResolvConf } from './resolver.ts';
import type { AgentSettings } from './settings.ts';
import { listenOnTakenDatagrams } from './taken-datagrams.ts';
import { listenOnTakenPort } from './taken-port.ts';
import { listenForTunnels } from './tunnel-listener.ts';

export interface TrafficAgentOptions {
  settings: AgentSettings;
  version: string;
  environment: Readonly<Record<string, string | undefined>>;
  onSessionOpened?: () => void;
  onSessionClosed?: () => void;
  clock: Clock;
  logger: Logger;
  /** Where tests put what a pod has at fixed places. */
  overrides?: { tlsDirectory?: string; tunnelPort?: number; healthPort?: number };
}

export interface TrafficAgent {
  readonly app: AppDialer;
  readonly tunnelPort: number;
  openConnections(): number;
  /** Stops listening, ends the sessions and connections. */
  close(): Promise<void>;
}

export async function startTrafficAgent(options: TrafficAgentOptions): Promise<TrafficAgent> {
  const { settings, clock, logger, overrides = {} } = options;
  const { config } = settings;
  const lifetime = new AbortController();
  // Each connection listens.
  setMaxListeners(0, lifetime.signal);
  const disposal = createDisposalStack();
  const dialer = createTcpDialer({ clock });
  const datagramDialer = createUdpDialer();
  const app = createAppDialer({ dialer, podIp: settings.podIp });
  const claims = new ClaimTable(config.workload, config.ports);
  const held = new HeldContent();
  const dns = readResolvConf();
  const resolver = createResolver(dns);
  const dialers = createPolicyDialers({ resolver, dialer, datagramDialer });
  const agent: AgentDescription = {
    version: options.version,
    namespace: settings.namespace,
    pod: settings.podName,
    workload: config.workload,
    role: config.role,
    podIp: settings.podIp,
    features: ['rules'],
    dns,
  };
  /** With the identity of their key. */
  const sessions = new Map<AgentSession, string>();
  const resumable = new ResumeServer({ clock, logger });

  async function serveTunnel(socket: TLSSocket): Promise<void> {
    const identity = identityOf(socket);
    const transport = socket.alpnProtocol === RESUME_ALPN ? await resumable.accept(socket, identity) : socket;
    // The carrier of a session that goes on, or of nobody.
    if (transport === undefined) return;
    const session = await acceptTunnel({
      socket: transport,
      agent,
      dialer: dialers,
      datagramDialer: dialers,
      lookup: (name, scope) => resolver.lookup(name, scope),
      onRequest: (from, request) => Promise.resolve(answer(from, request)),
      clock,
      logger,
    });
    await endPredecessors(session, identity);
    sessions.set(session, identity);
    options.onSessionOpened?.();
    logger.info('session opened', { client: session.client.name, session: session.client.sessionId });
    const reason = await session.closed;
    sessions.delete(session);
    claims.endSession(session);
    options.onSessionClosed?.();
    logger.info('session closed', { client: session.client.name, reason: reason?.message });
  }

  /**
   * Ends the sessions of a daemon that died: those of the same key that nobody is connected to and that another run of the
   * daemon opened. Their tickets died with it.
   */
  async function endPredecessors({ client }: AgentSession, identity: string): Promise<void> {
    const dead = [...sessions.keys()].filter(
      (it) => sessions.get(it) === identity && it.isSuspended && it.client.sessionId !== client.sessionId,
    );
    await Promise.all(dead.map((it) => it.close()));
  }

  function answer(session: AgentSession, request: ControlRequest): object {
    switch (request.kind) {
      case 'claim':
        claims.claim(session, request);
        return {};
      case 'release':
        return { openConnections: claims.release(session, request.interceptId) };
      case 'environment':
        return { variables: environmentOf(request.container, config, options.environment) };
      case 'claims':
        return { claims: claims.list(), sessions: sessions.size };
    }
  }

  const takenPorts: Listener[] = [];
  let isReady = false;
  disposal.defer(async () => {
    lifetime.abort();
    await Promise.all([...sessions.keys()].map((session) => session.close()));
  });
  function use<T extends Pick<Listener, 'close'>>(listener: T): T {
    disposal.defer(() => listener.close());
    return listener;
  }
  try {
    use(await listenForHealth(() => isReady, overrides.healthPort));
    for (const port of config.ports) {
      const shared = { port, claims, held, clock, logger, signal: lifetime.signal };
      if (port.protocol === 'TCP') takenPorts.push(use(await listenOnTakenPort({ ...shared, app })));
      else use(await listenOnTakenDatagrams({ ...shared, datagramDialer }));
    }
    const tunnel = use(
      await listenForTunnels({
        onTunnel: serveTunnel,
        logger,
        ...(overrides.tlsDirectory === undefined ? {} : { tlsDirectory: overrides.tlsDirectory }),
        ...(overrides.tunnelPort === undefined ? {} : { port: overrides.tunnelPort }),
      }),
    );
    isReady = true;
    return {
      app,
      tunnelPort: tunnel.port,
      openConnections: () => takenPorts.reduce((sum, { connectionCount }) => sum + connectionCount, 0),
      close: () => disposal.dispose(),
    };
  } catch (error) {
    await disposal.dispose();
    throw error;
  }
}
