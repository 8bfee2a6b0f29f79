/** A traffic agent on loopback, and clients that reach its tunnel as the daemon does, without a cluster in between. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { startTrafficAgent, type TrafficAgent } from '../../agent/traffic-agent.ts';
import type { ControlEvent, TakenPort } from '../../src/contract/index.ts';
import { nullLogger, systemClock, type Clock } from '../../src/core/index.ts';
import { createAuthority, issueLeaf, type Authority, type Leaf } from '../../src/pki/index.ts';
import {
  connectTunnel,
  type InterceptedConnection,
  type Tunnel,
  type TunnelCredentials,
} from '../../src/tunnel/index.ts';
import type { Link } from './link.ts';

const HOUR_MS = 3_600_000;
export const AGENT_NAME = 'tp-agent.shop';

interface Owner {
  after(release: () => Promise<void>): void;
}

export interface AgentUnderTest {
  agent: TrafficAgent;
  authority: Authority;
  /** Tunnels that are open. */
  sessionCount(): number;
  connect(options?: ConnectOptions): Promise<Tunnel>;
}

export interface ConnectOptions {
  name?: string;
  /** Where the test means to break it; a connection to the tunnel port by default. */
  carrier?: Duplex;
  /** Signs the client's certificate; the agent's own by default. */
  authority?: Authority;
  usage?: 'client' | 'agent';
  nowMs?: number;
  clock?: Clock;
  /** Goes through the link and is made again over it; without one, a tunnel that ends with its carrier. */
  link?: Link;
  /** Of the run of the daemon; the name by default. */
  sessionId?: string;
  onIntercepted?: (connection: InterceptedConnection) => void;
  onEvent?: (event: ControlEvent) => void;
}

export interface AgentUnderTestOptions {
  clock?: Clock;
  podName?: string;
  /** Signs the agent's certificate; one of its own by default. */
  authority?: Authority;
}

/** Starts an agent in front of `ports`, on free ports of loopback; it ends with its owner. */
export async function startAgentUnderTest(
  owner: Owner,
  ports: TakenPort[],
  options: AgentUnderTestOptions = {},
): Promise<AgentUnderTest> {
  const { podName = 'web-1' } = options;
  const directory = await mkdtemp(join(tmpdir(), 'tp-agent-'));
  const authority = options.authority ?? (await createAuthority({ commonName: 'test', nowMs: Date.now() }));
  const leaf = await issueLeaf(authority, {
    usage: 'agent',
    commonName: AGENT_NAME,
    subjectAltNames: [AGENT_NAME],
    lifetimeMs: HOUR_MS,
    nowMs: Date.now(),
  });
  await Promise.all([
    writeFile(join(directory, 'ca.crt'), authority.certificate),
    writeFile(join(directory, 'tls.crt'), leaf.certificate),
    writeFile(join(directory, 'tls.key'), leaf.key),
  ]);
  let sessions = 0;
  const agent = await startTrafficAgent({
    onSessionOpened: () => (sessions += 1),
    onSessionClosed: () => (sessions -= 1),
    settings: {
      config: {
        version: 1,
        role: 'agent',
        workload: 'deploy/web',
        ports,
        containers: [{ name: 'web', environmentPrefix: 'TP_APP_0_' }],
      },
      podName,
      namespace: 'shop',
      podIp: '',
    },
    version: 'test',
    environment: { TP_APP_0_COLOR: 'red' },
    clock: options.clock ?? systemClock,
    logger: nullLogger,
    overrides: { tlsDirectory: directory, tunnelPort: 0, healthPort: 0 },
  });
  owner.after(async () => {
    await agent.close();
    await rm(directory, { recursive: true });
  });

  /** One key for each name, as each daemon has one. */
  const clients = new Map<string, Promise<Leaf>>();
  function issueClient(name: string, options: ConnectOptions): Promise<Leaf> {
    return issueLeaf(options.authority ?? authority, {
      usage: options.usage ?? 'client',
      commonName: name,
      subjectAltNames: [],
      lifetimeMs: HOUR_MS,
      nowMs: options.nowMs ?? Date.now(),
    });
  }

  return {
    agent,
    authority,
    sessionCount: () => sessions,
    async connect(options: ConnectOptions = {}): Promise<Tunnel> {
      const { name = 'alice', link } = options;
      const isUsual =
        options.authority === undefined && options.usage === undefined && options.nowMs === undefined;
      const issued = (isUsual ? clients.get(name) : undefined) ?? issueClient(name, options);
      if (isUsual) clients.set(name, issued);
      const client = await issued;
      const credentials = {
        authority: authority.certificate,
        certificate: client.certificate,
        key: client.key,
        serverName: AGENT_NAME,
      };
      const reconnect = link && {
        open: (): Promise<{ carrier: Duplex; credentials: TunnelCredentials }> =>
          Promise.resolve({ carrier: link.connect(agent.tunnelPort), credentials }),
        isGone: (): boolean => false,
      };
      const tunnel = await connectTunnel({
        carrier: options.carrier ?? link?.connect(agent.tunnelPort) ?? connect(agent.tunnelPort, '127.0.0.1'),
        credentials,
        ...(reconnect === undefined ? {} : { reconnect }),
        client: { sessionId: options.sessionId ?? name, name, version: 'test' },
        onIntercepted:
          options.onIntercepted ??
          ((connection) => {
            connection.refuse(new Error('nothing is intercepted here'));
          }),
        onEvent: options.onEvent ?? (() => undefined),
        clock: options.clock ?? systemClock,
        logger: nullLogger,
        signal: AbortSignal.timeout(10_000),
      });
      owner.after(() => tunnel.close());
      return tunnel;
    },
  };
}
