/**
 * One connection to one namespace of one cluster: what `tp connect` makes and `tp quit` ends. Joins the Kubernetes client,
 * the outbound tunnel, the proxy, the loopback forwards and the intercepts.
 */
import { createHash } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import {
  GATEWAY,
  type ConnectionStatus,
  type ForwardSpec,
  type InterceptRequest,
  type InterceptResult,
  type InterceptedPort,
  type Progress,
} from '../contract/index.ts';
import {
  createDisposalStack,
  describeError,
  runInBackground,
  type Clock,
  type Logger,
} from '../core/index.ts';
import { createError, isToolError } from '../errors/index.ts';
import {
  choosePorts,
  ensureAgent,
  ensureGateway,
  removeGateway,
  resolveTarget,
  watchInjection,
  type Workload,
} from '../intercepts/index.ts';
import { paths, type KubeClient, type V1Pod } from '../kube/index.ts';
import { createTcpDialer, createUdpDialer, type DatagramDialer, type Dialer } from '../net/index.ts';
import {
  startForward,
  startProxyServer,
  type Forward,
  type ProxyServer,
  type ProxyServerOptions,
} from '../proxy-server/index.ts';
import { compileRule } from '../rules/index.ts';
import type { Tunnel } from '../tunnel/index.ts';
import { ActiveIntercept, type InterceptPlan } from './active-intercept.ts';
import { createAgentConnector, type AgentConnector } from './agent-connector.ts';
import { isAgentReady } from './agent-pods.ts';
import { createDestinationPolicy } from './destinations.ts';
import { createOutbound, type Outbound } from './outbound.ts';
import { startOwnNetwork, type OwnNetwork } from './own-network.ts';
import type { RecoveryFolder } from './pod-recovery.ts';
import { createRoutingDialer } from './routing-dialer.ts';

const LOOPBACK = '127.0.0.1';
const PREFERRED_PORTS = { first: 21_000, count: 8000 } as const;
/** For a gateway: the pull of an image of some 80 MB on a slow registry. */
const GATEWAY_TIMEOUT_MS = 120_000;
/** Asking a gateway who else uses it, at the end, must not keep anybody waiting. */
const LAST_QUESTION_MS = 2000;

export interface ConnectionOptions {
  kube: KubeClient;
  recovery: RecoveryFolder;
  /** See {@link createAgentConnector}. */
  loadKey?: () => Promise<string>;
  clock: Clock;
  logger: Logger;
}

interface Attempt {
  agentImage: string;
  timeoutMs: number;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

export class Connection {
  readonly kube: KubeClient;
  readonly connector: AgentConnector;
  readonly #options: ConnectionOptions;
  readonly #outbound: Outbound;
  readonly #local: Dialer & DatagramDialer;
  readonly #disposal = createDisposalStack();
  readonly #intercepts = new Map<string, ActiveIntercept>();
  readonly #forwards = new Map<string, { spec: ForwardSpec; forward: Forward }>();
  readonly #closed = new AbortController();
  readonly #since: string;
  #proxy: ProxyServer | undefined;
  #agentImage = '';
  /** Of the request that makes the outbound tunnel; nobody listens when it is made again. */
  #onProgress: (progress: Progress) => void = ignoreProgress;
  #via = '';
  #isStarted = false;
  #starting: Promise<void> | undefined;
  #recovering: Promise<void> | undefined;
  /** Requests that end the connection when they end. */
  #holds = 0;
  /** Somebody asked for it to last. */
  #isPersistent = false;

  constructor(options: ConnectionOptions) {
    const { kube, clock, logger } = options;
    this.kube = kube;
    this.#options = options;
    this.#since = new Date(clock.epochMs()).toISOString();
    this.connector = createAgentConnector({
      kube,
      ...(options.loadKey === undefined ? {} : { loadKey: options.loadKey }),
      clock,
      logger,
    });
    this.#local = { ...createTcpDialer({ clock }), ...createUdpDialer() };
    this.#outbound = createOutbound({
      connect: ({ signal }) => this.#connectOutbound({ signal }),
      clock,
      logger,
    });
    this.#disposal.defer(() => this.#outbound.close());
  }

  /** Key among the daemon's connections. */
  get key(): string {
    return connectionKey(this.kube);
  }

  /** Brings back the Pods that an earlier daemon deleted and could not create again; once, and everybody waits for it. */
  recover(): Promise<void> {
    const { recovery, clock, logger } = this.#options;
    this.#recovering ??= recovery.complete(this.kube, { clock, logger, signal: this.closed });
    return this.#recovering;
  }

  /** `context/namespace`, for people. */
  get label(): string {
    return `${this.kube.context}/${this.kube.namespace}`;
  }

  /** Makes the way into the cluster, unless it is there, and the proxy. Idempotent. */
  async start(attempt: Attempt): Promise<void> {
    // When another request is at it and fails, it is this one's turn.
    while (this.#starting !== undefined) await this.#starting.catch(() => undefined);
    if (this.#isStarted) return;
    this.#starting = this.#start(attempt).finally(() => {
      this.#starting = undefined;
    });
    await this.#starting;
  }

  async #start(attempt: Attempt): Promise<void> {
    this.#agentImage = attempt.agentImage;
    attempt.onProgress({ step: 'outbound', message: `Connecting to namespace ${this.kube.namespace}` });
    await this.connector.prepare(attempt);
    this.#onProgress = attempt.onProgress;
    try {
      await this.#outbound.start(attempt);
    } finally {
      this.#onProgress = ignoreProgress;
    }
    const { clock, logger } = this.#options;
    const dialer = this.#dialerBeside(networkInterfaces);
    const proxy = await startProxyOn([preferredPort(this.key), 0], {
      host: LOOPBACK,
      dialer,
      datagramDialer: dialer,
      clock,
      logger,
    });
    this.#disposal.defer(() => proxy.close());
    this.#proxy = proxy;
    this.#isStarted = true;
  }

  /** Dials through the cluster what belongs there; addresses in the subnets of `interfaces` never do. */
  #dialerBeside(interfaces: typeof networkInterfaces): Dialer & DatagramDialer {
    const policy = createDestinationPolicy({
      lookupInCluster: async (name, { signal }) =>
        (await this.#outbound.tunnel({ signal })).lookup(name, 'cluster', { signal }),
      networkInterfaces: interfaces,
      clock: this.#options.clock,
    });
    return createRoutingDialer(policy, { cluster: this.#outbound, local: this.#local });
  }

  /** A network of its own for one command. @throws {TUN_UNAVAILABLE} */
  async ownNetwork(options: {
    local: boolean;
    nativeDirectory: string;
    socketDirectory: string;
    signal: AbortSignal;
  }): Promise<OwnNetwork> {
    const { agent } = await this.#outbound.tunnel(options);
    return startOwnNetwork({
      ...options,
      dialer: this.#dialerBeside(options.local ? networkInterfaces : () => ({})),
      cluster: this.#outbound,
      machine: this.#local,
      // Of the pod that leads there now: it may be another one tomorrow.
      nameServers: async ({ signal }) => (await this.#outbound.tunnel({ signal })).agent.dns.servers,
      search: agent.dns.search,
      clock: this.#options.clock,
      logger: this.#options.logger,
    });
  }

  /** Opens the listeners that are not open yet. @throws {LOCAL_PORT_IN_USE}; none of `specs` is open then */
  async forward(specs: readonly ForwardSpec[]): Promise<void> {
    const opened: string[] = [];
    try {
      for (const spec of specs) {
        const key = `${spec.address}:${spec.localPort}:${spec.host}:${spec.port}`;
        if (this.#forwards.has(key)) continue;
        const forward = await startForward({
          host: spec.address,
          port: spec.localPort,
          target: { host: spec.host, port: spec.port },
          dialer: this.#outbound,
          logger: this.#options.logger,
        });
        this.#forwards.set(key, { spec, forward });
        opened.push(key);
      }
    } catch (error) {
      for (const key of opened) {
        await this.#forwards.get(key)?.forward.close();
        this.#forwards.delete(key);
      }
      throw error;
    }
  }

  /** Injects the agent where it is missing, and claims the ports. What fails leaves no claim. */
  async intercept(request: InterceptRequest, attempt: Attempt): Promise<InterceptResult> {
    if (this.#intercepts.has(request.name)) throw createError('INTERCEPT_EXISTS', { name: request.name });
    // Before anything is changed: the agents would refuse it only then.
    if (request.rule !== undefined) compileRule(request.rule);
    this.#agentImage = attempt.agentImage;
    const { plan, container, workload } = await this.#prepareWorkload(request, attempt);
    const intercept = this.#createIntercept(plan);
    attempt.onProgress({ step: 'claim', message: `Claiming the ports in the pods of ${plan.workload}` });
    await intercept.start(attempt);
    this.#intercepts.set(request.name, intercept);
    this.#guard(intercept, workload);
    try {
      await this.start(attempt);
      await this.forward(request.forwards);
      return {
        ...intercept.status(),
        connection: this.status(),
        container,
        environment: intercept.tunnel === undefined ? {} : await intercept.environment(container),
      };
    } catch (error) {
      await this.leave(request.name);
      throw error;
    }
  }

  /** Sees to it that the workload has its agent. What fails is undone by then. */
  async #prepareWorkload(
    request: InterceptRequest,
    attempt: Attempt,
  ): Promise<{ plan: InterceptPlan; container: string; workload: Workload }> {
    const { clock, logger, recovery } = this.#options;
    const { namespace } = this.kube;
    const target = await resolveTarget(this.kube, { namespace, name: request.name, signal: attempt.signal });
    const ports = choosePorts({
      target,
      remotes: request.ports.map(({ remote }) => remote),
      container: request.container,
    });
    const ensured = await ensureAgent(this.kube, {
      target,
      ports,
      redirect: request.redirect,
      image: attempt.agentImage,
      timeoutMs: attempt.timeoutMs,
      confirmed: request.confirmed,
      recovery,
      clock,
      logger,
      signal: attempt.signal,
      onProgress: attempt.onProgress,
    });
    const plan: InterceptPlan = {
      name: request.name,
      namespace,
      workload: ensured.workload.label,
      pods: ensured.pods,
      rule: request.rule,
      ports: ensured.ports.map(
        ({ protocol, appPort, appContainer, services, redirect, reason }, index): InterceptedPort => ({
          protocol,
          localAddress: request.localAddress,
          localPort: request.ports[index]?.localPort ?? appPort,
          containerPort: appPort,
          container: appContainer,
          services,
          redirect,
          reason,
        }),
      ),
    };
    const container = request.container ?? plan.ports[0]?.container ?? '';
    return { plan, container, workload: ensured.workload };
  }

  /** Watches for those who undo the injection, such as GitOps controllers. */
  #guard(intercept: ActiveIntercept, workload: Workload): void {
    const { clock, logger } = this.#options;
    const watching = watchInjection(this.kube, {
      workload,
      clock,
      logger,
      signal: intercept.over,
      onEvent: (event) => {
        const error =
          event.kind === 'agent-removed'
            ? createError('AGENT_REMOVED', { workload: event.workload })
            : createError('SERVICE_REVERTED', event);
        logger.warn(error.message);
        intercept.warn(error);
      },
    });
    runInBackground(`watching ${workload.label}`, watching, logger);
  }

  #createIntercept(plan: InterceptPlan): ActiveIntercept {
    const { clock, logger } = this.#options;
    return new ActiveIntercept({
      plan,
      kube: this.kube,
      connector: this.connector,
      dialer: this.#local,
      datagramDialer: this.#local,
      onFailed: (error) => {
        logger.warn('claim failed', { intercept: plan.name, reason: error.message });
      },
      clock,
      logger,
    });
  }

  /** Returns how many connections go on at the local process. @throws {INTERCEPT_NOT_FOUND} */
  async leave(name: string): Promise<number> {
    const intercept = this.#intercepts.get(name);
    if (intercept === undefined)
      throw createError('INTERCEPT_NOT_FOUND', { name, known: [...this.#intercepts.keys()] });
    this.#intercepts.delete(name);
    return intercept.leave();
  }

  /** The intercepts on `workload` (`deploy/web`). */
  interceptsOn(workload: string): string[] {
    return [...this.#intercepts.values()].filter((it) => it.workload === workload).map(({ name }) => name);
  }

  /** Aborts when the intercept is left, by whomever; aborted already when there is none of that name. */
  overSignal(name: string): AbortSignal {
    return this.#intercepts.get(name)?.over ?? AbortSignal.abort();
  }

  /** Aborts when the connection is closed. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Counts a request that the connection lives for. The returned function ends it; true: nobody needs it any more. */
  hold(): () => boolean {
    this.#holds += 1;
    return () => {
      this.#holds -= 1;
      return this.#holds === 0 && !this.#isPersistent;
    };
  }

  keep(): void {
    this.#isPersistent = true;
  }

  status(): ConnectionStatus {
    return {
      context: this.kube.context,
      namespace: this.kube.namespace,
      server: this.kube.server,
      ...this.#outboundState(),
      via: this.#via,
      proxy: { host: LOOPBACK, port: this.#proxy?.port ?? 0 },
      forwards: [...this.#forwards.values()].map(({ spec, forward }) => ({
        ...spec,
        boundPort: forward.port,
      })),
      intercepts: [...this.#intercepts.values()].map((intercept) => intercept.status()),
      warnings: [...this.#intercepts.values()].flatMap((intercept) => intercept.warnings),
      since: this.#since,
    };
  }

  #outboundState(): Pick<ConnectionStatus, 'state' | 'reconnectingMs'> {
    const { current } = this.#outbound;
    if (current?.detachedForMs !== undefined)
      return { state: 'reconnecting', reconnectingMs: Math.round(current.detachedForMs) };
    return { state: current === undefined ? 'reconnecting' : 'connected' };
  }

  /** Releases every intercept and closes everything but the Kubernetes client. Idempotent. */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all(
      [...this.#intercepts.values()].map(async (intercept) => {
        await intercept.leave();
        await intercept.end();
      }),
    );
    this.#intercepts.clear();
    await Promise.all([...this.#forwards.values()].map(({ forward }) => forward.close()));
    if (this.#via === GATEWAY) await this.#removeUnusedGateway();
    await this.#disposal.dispose();
  }

  /** Deletes the gateway unless somebody else uses it. It would go by itself, a little later. */
  async #removeUnusedGateway(): Promise<void> {
    const signal = AbortSignal.timeout(LAST_QUESTION_MS);
    try {
      const answer = await this.#outbound.current?.request({ kind: 'claims' });
      if (answer?.sessions === 1) await removeGateway(this.kube, { namespace: this.kube.namespace, signal });
    } catch (error) {
      this.#options.logger.info('gateway left to itself', { reason: describeError(error) });
    }
  }

  async #connectOutbound({ signal }: { signal: AbortSignal }): Promise<Tunnel> {
    const pod = (await this.#findAgentPod(signal)) ?? (await this.#ensureGateway(signal));
    const tunnel = await this.connector.connect(pod, { signal });
    this.#via = pod;
    return tunnel;
  }

  async #findAgentPod(signal: AbortSignal): Promise<string | undefined> {
    try {
      const { items } = await this.kube.list<V1Pod>(paths.pods(this.kube.namespace), { signal });
      return items.find(isAgentReady)?.metadata?.name;
    } catch (error) {
      // Without the right to list pods there is still the gateway, whose name is known.
      if (isToolError(error, 'KUBE_FORBIDDEN')) return undefined;
      throw error;
    }
  }

  async #ensureGateway(signal: AbortSignal): Promise<string> {
    const { clock, logger } = this.#options;
    const { pod } = await ensureGateway(this.kube, {
      namespace: this.kube.namespace,
      image: this.#agentImage,
      timeoutMs: GATEWAY_TIMEOUT_MS,
      clock,
      logger,
      signal,
      onProgress: this.#onProgress,
    });
    return pod;
  }
}

/**
 * The proxy's port of a connection, the same each time: what was started with it finds it again after the daemon was
 * restarted. Below the ports that Linux and macOS give to outgoing connections.
 */
function preferredPort(key: string): number {
  const digest = createHash('sha256').update(key).digest();
  return PREFERRED_PORTS.first + (digest.readUInt32BE(0) % PREFERRED_PORTS.count);
}

/** Takes the first of `ports` that is free. */
async function startProxyOn(
  [port = 0, ...others]: readonly number[],
  options: Omit<ProxyServerOptions, 'port'>,
): Promise<ProxyServer> {
  try {
    return await startProxyServer({ ...options, port });
  } catch (error) {
    if (others.length === 0 || !isToolError(error, 'LOCAL_PORT_IN_USE')) throw error;
    return startProxyOn(others, options);
  }
}

function ignoreProgress(): void {
  // nobody waits
}

/** Two kubeconfigs can mean different clusters, or different users, by the same context. */
export function connectionKey({
  server,
  user,
  context,
  namespace,
}: Pick<KubeClient, 'server' | 'user' | 'context' | 'namespace'>): string {
  return [server, user, context, namespace].join(' ');
}
