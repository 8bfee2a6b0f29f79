/**
 * One intercept while it lasts: follows the workload's pods, keeps a tunnel to each agent, claims the ports in each, and
 * delivers what arrives to the local process.
 */
import { randomUUID } from 'node:crypto';
import type { InterceptStatus, InterceptedPort, Rule, Warning } from '../contract/index.ts';
import { createDeferred, runInBackground, type Clock, type Deferred, type Logger } from '../core/index.ts';
import { createError, isToolError, toToolError, type ToolError } from '../errors/index.ts';
import type { PodSelection } from '../intercepts/index.ts';
import type { KubeClient, V1Pod } from '../kube/index.ts';
import { paths } from '../kube/index.ts';
import type { DatagramDialer, Dialer } from '../net/index.ts';
import type { Tunnel } from '../tunnel/index.ts';
import type { AgentConnector } from './agent-connector.ts';
import { isAgentReady, isGone } from './agent-pods.ts';
import { createLocalProcess, type LocalProcess } from './local-process.ts';
import { keepPodTunnel, type PodTunnel } from './pod-tunnel.ts';

/** Open connections may finish at the local process for so long after `tp leave`; then they are cut. */
const DRAIN_MS = 30_000;
const DRAIN_CHECK_MS = 250;
/** A dead session of the same person is forgotten by the agent after 15 s of silence. */
const OWN_CLAIM_RETRY_MS = 20_000;
const OWN_CLAIM_RETRY_EVERY_MS = 500;
/** How long a fallback is worth a warning. */
const FALLBACK_WARNING_MS = 60_000;

export interface InterceptPlan {
  name: string;
  /** `deploy/web` */
  workload: string;
  namespace: string;
  /** Selects the workload's pods. */
  pods: PodSelection;
  ports: InterceptedPort[];
  /** Absent: all requests that nobody else takes. */
  rule?: Rule | undefined;
}

export interface ActiveInterceptOptions {
  plan: InterceptPlan;
  kube: KubeClient;
  connector: AgentConnector;
  dialer: Dialer;
  datagramDialer: DatagramDialer;
  onFailed: (error: ToolError) => void;
  clock: Clock;
  logger: Logger;
}

interface FollowedPod {
  tunnel: PodTunnel;
  claimed: Deferred<undefined>;
  holder: string | undefined;
}

export class ActiveIntercept {
  readonly name: string;
  readonly workload: string;
  readonly #options: ActiveInterceptOptions;
  readonly #id: string = randomUUID();
  readonly #sinceMs: number;
  readonly #lifetime = new AbortController();
  /** Left or ended: nothing new comes, though open connections may go on. */
  readonly #over = new AbortController();
  readonly #local: LocalProcess;
  readonly #pods = new Map<string, FollowedPod>();
  readonly #listed: Deferred<undefined> = createDeferred();
  readonly #warnings = new Map<string, ToolError>();
  #fallbacks = 0;
  #lastFallback: { atMs: number; reason: string } | undefined;

  constructor(options: ActiveInterceptOptions) {
    this.#options = options;
    this.name = options.plan.name;
    this.workload = options.plan.workload;
    this.#sinceMs = options.clock.epochMs();
    this.#local = createLocalProcess({
      targets: options.plan.ports.map(({ protocol, containerPort, localAddress, localPort }) => ({
        protocol,
        appPort: containerPort,
        host: localAddress,
        port: localPort,
      })),
      dialer: options.dialer,
      datagramDialer: options.datagramDialer,
      logger: options.logger,
      signal: this.#lifetime.signal,
    });
  }

  /**
   * Follows the pods from now on; resolves when every ready agent has given the ports to this intercept.
   * @throws {INTERCEPT_HELD} by somebody else, or `signal.reason`; nothing is claimed then
   */
  async start({ signal }: { signal: AbortSignal }): Promise<void> {
    const { kube, plan, logger } = this.#options;
    const following = kube.follow<V1Pod>(paths.pods(plan.namespace), {
      ...plan.pods,
      signal: this.#lifetime.signal,
      onChange: (pods) => {
        this.#reconcile(pods);
      },
    });
    runInBackground(`following the pods of ${plan.workload}`, following, logger);
    const aborted = createDeferred<never>();
    const onAbort = (): void => {
      aborted.reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      await Promise.race([this.#listed.promise, aborted.promise]);
      await Promise.race([
        Promise.all([...this.#pods.values()].map(({ claimed }) => claimed.promise)),
        aborted.promise,
      ]);
    } catch (error) {
      await this.end();
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** A tunnel to any of the pods. */
  get tunnel(): Tunnel | undefined {
    return [...this.#pods.values()]
      .map(({ tunnel }) => tunnel.current)
      .find((tunnel) => tunnel !== undefined);
  }

  /** The container's environment, from the first pod that is connected. @throws {TUNNEL_UNAVAILABLE} */
  async environment(container: string): Promise<Record<string, string>> {
    const tunnel = this.tunnel;
    if (tunnel === undefined) throw createError('TUNNEL_UNAVAILABLE', {});
    return (await tunnel.request({ kind: 'environment', container })).variables;
  }

  /** Gives the ports back in all pods. Open connections go on in the background. Returns how many these are. */
  async leave(): Promise<number> {
    this.#over.abort();
    const open = await this.#release();
    runInBackground(`draining ${this.name}`, this.#drain(open), this.#options.logger);
    return open;
  }

  /** Ends everything at once. */
  async end(): Promise<void> {
    this.#over.abort();
    this.#lifetime.abort(createError('TUNNEL_UNAVAILABLE', {}));
    await Promise.all([...this.#pods.values()].map(({ tunnel }) => tunnel.close()));
  }

  /** Aborts when the intercept was left or has ended. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Keeps `error` among the warnings until the intercept ends. */
  warn(error: ToolError): void {
    this.#warnings.set(error.code, error);
  }

  /** What keeps traffic from the local process at the moment. */
  get warnings(): Warning[] {
    const unreachable = this.#localProcessDown();
    const errors = [...this.#warnings.values(), ...(unreachable === undefined ? [] : [unreachable])];
    return errors.map(({ code, message, remedy }) => ({ code, message, remedy }));
  }

  #localProcessDown(): ToolError | undefined {
    const last = this.#lastFallback;
    const [port] = this.#options.plan.ports;
    if (last === undefined || port === undefined) return undefined;
    if (this.#options.clock.monotonicMs() - last.atMs > FALLBACK_WARNING_MS) return undefined;
    const { localAddress: address, localPort } = port;
    return createError('LOCAL_PROCESS_UNREACHABLE', { address, port: localPort, reason: last.reason });
  }

  status(): InterceptStatus {
    return {
      name: this.name,
      workload: this.workload,
      attach: 'sidecar',
      ports: this.#options.plan.ports,
      rule: this.#options.plan.rule,
      pods: [...this.#pods].map(([name, { tunnel, holder }]) => ({
        name,
        state: describeState(tunnel.current, holder),
        ...(holder === undefined ? {} : { holder }),
      })),
      since: new Date(this.#sinceMs).toISOString(),
      connections: { ...this.#local.connections, fallbacks: this.#fallbacks },
    };
  }

  #reconcile(pods: ReadonlyMap<string, V1Pod>): void {
    for (const [name, followed] of this.#pods) {
      const pod = pods.get(name);
      if (pod !== undefined && !isGone(pod)) continue;
      this.#pods.delete(name);
      followed.claimed.resolve(undefined);
      runInBackground(`closing the tunnel to ${name}`, followed.tunnel.close(), this.#options.logger);
    }
    for (const [name, pod] of pods) {
      // While the last connections drain, pods go, but none is taken any more.
      if (this.#over.signal.aborted) break;
      if (!this.#pods.has(name) && !isGone(pod) && isAgentReady(pod)) this.#follow(name);
    }
    this.#listed.resolve(undefined);
  }

  #follow(pod: string): void {
    const { connector, clock, logger } = this.#options;
    const claimed = createDeferred<undefined>();
    // start() looks at it only for the pods that were there first.
    claimed.promise.catch(() => undefined);
    const tunnel = keepPodTunnel({
      pod,
      connect: ({ signal }) =>
        connector.connect(pod, {
          onIntercepted: (connection) => {
            this.#local.deliver(connection);
          },
          onFallback: (reason) => {
            this.#fallbacks += 1;
            this.#lastFallback = { atMs: clock.monotonicMs(), reason };
          },
          signal,
        }),
      onConnected: (connected) => this.#claim(connected, followed),
      clock,
      logger,
    });
    const followed: FollowedPod = { tunnel, claimed, holder: undefined };
    this.#pods.set(pod, followed);
  }

  async #claim(tunnel: Tunnel, followed: FollowedPod): Promise<void> {
    const { clock, plan, connector, onFailed } = this.#options;
    const ports = plan.ports.map(({ protocol, containerPort }) => ({ protocol, appPort: containerPort }));
    const deadlineMs = clock.monotonicMs() + OWN_CLAIM_RETRY_MS;
    const fail = (error: unknown): never => {
      followed.claimed.reject(error);
      onFailed(toToolError(error));
      throw error;
    };
    const { features = [], pod } = tunnel.agent;
    // It would not see the rule, and take everything.
    if (plan.rule !== undefined && !features.includes('rules'))
      fail(createError('AGENT_OUTDATED', { pod, feature: 'choice by request' }));
    for (;;) {
      // A tunnel that was made, or made again, too late: its pod is not to be taken any more.
      this.#over.signal.throwIfAborted();
      try {
        await tunnel.request({
          kind: 'claim',
          interceptId: this.#id,
          ports,
          rule: plan.rule,
          sinceMs: this.#sinceMs,
        });
        this.#over.signal.throwIfAborted();
        followed.holder = undefined;
        followed.claimed.resolve(undefined);
        return;
      } catch (error) {
        if (isToolError(error, 'RULE_INVALID') || isToolError(error, 'RULE_NOT_HTTP')) fail(error);
        if (!isToolError(error, 'INTERCEPT_HELD')) throw error;
        const holder = String(error.details['holder']);
        if (holder !== connector.client.name || clock.monotonicMs() > deadlineMs) {
          followed.holder = holder;
          fail(error);
        }
        await clock.sleep(OWN_CLAIM_RETRY_EVERY_MS, { signal: this.#over.signal });
      }
    }
  }

  async #release(): Promise<number> {
    const counts = await Promise.all(
      [...this.#pods.values()].map(async ({ tunnel }) => {
        try {
          const result = await tunnel.current?.request({ kind: 'release', interceptId: this.#id });
          return result?.openConnections ?? 0;
        } catch {
          // The tunnel went away, and the claim with it.
          return 0;
        }
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async #drain(open: number): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#lifetime;
    const deadlineMs = clock.monotonicMs() + DRAIN_MS;
    for (let remaining = open; remaining > 0 && clock.monotonicMs() < deadlineMs;) {
      await clock.sleep(DRAIN_CHECK_MS, { signal });
      remaining = await this.#release();
    }
    await this.end();
  }
}

function describeState(
  tunnel: Tunnel | undefined,
  holder: string | undefined,
): InterceptStatus['pods'][number]['state'] {
  if (tunnel !== undefined) return tunnel.detachedForMs === undefined ? 'intercepted' : 'reconnecting';
  return holder === undefined ? 'connecting' : 'held';
}
