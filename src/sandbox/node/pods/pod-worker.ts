/** One pod's life on the node: volumes and network, init containers in turn, the others together, the end. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, runInBackground } from '../../../core/index.ts';
import type { V1Container, V1PodStatus } from '../../../kube/index.ts';
import { RETRY_MS, STATUS_COALESCE_MS, TOKEN_CHECK_MS } from '../limits.ts';
import type { PodNamespace, PodNetwork } from '../network/pod-network.ts';
import type { TokenRequest } from '../node-options.ts';
import type { Stored } from '../../store/cluster-access.ts';
import { PodVolumes, writeNetworkFiles } from '../volumes/pod-volumes.ts';
import { ContainerSupervisor, toTime } from './container-supervisor.ts';
import { hostnameOf, hostsFile, resolvConf } from './network-files.ts';
import type { NodeContext, PodContext } from './pod-context.ts';
import { buildPodStatus, type PodFacts } from './pod-status.ts';
import type { ContainerKind } from './restart-policy.ts';

export interface PodWorkerOptions {
  node: NodeContext;
  network: PodNetwork;
  pod: Stored<'pods'>;
  /** Of this pod alone; it is made and removed. */
  folder: string;
  issueToken: (request: TokenRequest) => Promise<string>;
}

export class PodWorker {
  namespace?: PodNamespace;
  readonly #options: PodWorkerOptions;
  readonly #stopping = new AbortController();
  readonly #supervisors = new Map<string, ContainerSupervisor>();
  readonly #supervised: Promise<void>[] = [];
  readonly #startTime: string;
  #pod: Stored<'pods'>;
  #context?: PodContext;
  #volumes?: PodVolumes;
  #areInitDone: boolean;
  #isOver = false;
  #failure?: { reason: string; message: string };
  #life: Promise<void> = Promise.resolve();
  #termination?: Promise<void>;
  #refreshing: Promise<void> = Promise.resolve();
  #statusWriting: Promise<void> = Promise.resolve();
  #isStatusDue = false;

  constructor(options: PodWorkerOptions) {
    this.#options = options;
    this.#pod = options.pod;
    this.#startTime = toTime(options.node.clock.epochMs());
    const { initContainers = [], containers = [] } = options.pod.spec ?? {};
    this.#initial = { init: initContainers, app: containers };
    this.#areInitDone = initContainers.length === 0;
  }

  readonly #initial: { init: readonly V1Container[]; app: readonly V1Container[] };

  /** Begins the pod's life; call it once. */
  start(): void {
    this.#life = this.#live();
  }

  /** The supervisor of a container that there is in the specification; undefined until it is its turn. */
  find(container: string): ContainerSupervisor | undefined {
    return this.#supervisors.get(container);
  }

  get pod(): Stored<'pods'> {
    return this.#pod;
  }

  /** Takes the pod as it is now: new ephemeral containers, images, labels that volumes show, readiness gates. */
  update(pod: Stored<'pods'>): void {
    this.#pod = pod;
    if (this.#stopping.signal.aborted) return;
    for (const container of [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])])
      this.#supervisors.get(container.name)?.update(container);
    this.#startEphemeral();
    this.refreshVolumes();
    if ((pod.spec?.readinessGates ?? []).length > 0) this.#noteChange();
  }

  /** Something that volumes may be made of has changed. */
  refreshVolumes(): void {
    const volumes = this.#volumes;
    if (volumes === undefined || this.#context === undefined || this.#stopping.signal.aborted) return;
    this.#refreshing = this.#refreshing
      .then(() => volumes.refresh(this.#pod))
      .catch((error: unknown) => {
        this.#options.node.logger.debug('a volume is as it was', { error: describeError(error) });
      });
  }

  /** Ends the pod. Resolves when nothing is left of it on the node. A second call only shortens the grace period. */
  terminate(graceMs: number): Promise<void> {
    this.#stopping.abort();
    if (this.#termination !== undefined) {
      if (graceMs === 0) void this.#endContainers(0);
      return this.#termination;
    }
    this.#termination = this.#terminate(graceMs);
    return this.#termination;
  }

  async #terminate(graceMs: number): Promise<void> {
    await this.#endContainers(graceMs);
    await this.#life;
    await this.#statusWriting;
  }

  async #live(): Promise<void> {
    const { node } = this.#options;
    const { signal } = this.#stopping;
    const deadline = this.#watchDeadline();
    try {
      this.#noteChange();
      await this.#prepare();
      await this.#runInitContainers();
      if (this.#areInitDone) {
        await Promise.all(this.#initial.app.map((container) => this.#supervise(container, 'app')));
        this.#isFinishing = true;
      }
    } catch (error) {
      if (!signal.aborted) {
        node.logger.error('a pod is given up', { pod: this.#pod.metadata.name, error: describeError(error) });
        this.#failure ??= { reason: 'Failed', message: describeError(error) };
      }
    } finally {
      deadline();
      if (!signal.aborted || this.#failure !== undefined) await this.#endContainers(this.#gracePeriodMs());
      await Promise.all(this.#supervised);
      await this.#clean();
      this.#isOver = true;
      this.#noteChange();
      await this.#statusWriting;
    }
  }

  #isFinishing = false;

  async #prepare(): Promise<void> {
    const { node, network, folder, issueToken } = this.#options;
    const { signal } = this.#stopping;
    const namespaceName = this.#pod.metadata.namespace ?? '';
    const volumeFolder = join(folder, 'volumes');
    await mkdir(volumeFolder, { recursive: true });
    const namespace = await this.#retry('FailedCreatePodSandBox', 'Failed to create pod sandbox', () =>
      network.createNamespace({
        hostname: hostnameOf(this.#pod),
        isHostNetwork: this.#pod.spec?.hostNetwork === true,
        isProcessShared: this.#pod.spec?.shareProcessNamespace === true,
      }),
    );
    this.namespace = namespace;
    this.#noteChange();
    const volumes = new PodVolumes({
      folder: volumeFolder,
      clock: node.clock,
      sources: {
        podAddress: namespace.address,
        configMap: (name) => node.cluster.get('configmaps', { namespace: namespaceName, name }),
        secret: (name) => node.cluster.get('secrets', { namespace: namespaceName, name }),
      },
      issueToken: (audience, expirationSeconds) =>
        issueToken({
          namespace: namespaceName,
          serviceAccount: this.#pod.spec?.serviceAccountName ?? 'default',
          audiences: audience === undefined || audience === '' ? [] : [audience],
          expirationSeconds,
          pod: { name: this.#pod.metadata.name, uid: this.#pod.metadata.uid },
        }),
    });
    await this.#retry('FailedMount', 'MountVolume.SetUp failed', () => volumes.refresh(this.#pod));
    this.#volumes = volumes;
    const networkMounts = await writeNetworkFiles(folder, {
      hosts: hostsFile(this.#pod, namespace.address),
      resolvConf: resolvConf(this.#pod),
      hostname: hostnameOf(this.#pod),
    });
    this.#context = {
      node,
      namespace,
      volumes,
      networkMounts,
      folder: join(folder, 'containers'),
      pod: () => this.#pod,
    };
    if (signal.aborted) throw signal.reason as Error;
    this.#startEphemeral();
    this.#renewTokens();
  }

  /** Until it succeeds; each failure is an event. */
  async #retry<T>(reason: string, message: string, work: () => Promise<T>): Promise<T> {
    const { clock } = this.#options.node;
    const { signal } = this.#stopping;
    for (;;) {
      if (signal.aborted) throw signal.reason as Error;
      try {
        return await work();
      } catch (error) {
        this.#event('Warning', reason, `${message}: ${describeError(error)}`);
        await clock.sleep(RETRY_MS, { signal });
      }
    }
  }

  async #runInitContainers(): Promise<void> {
    for (const container of this.#initial.init) {
      if (this.#stopping.signal.aborted) return;
      const isSidecar = container.restartPolicy === 'Always';
      const supervised = this.#supervise(container, isSidecar ? 'sidecar' : 'init');
      const supervisor = this.#supervisors.get(container.name);
      if (supervisor === undefined) return;
      if (isSidecar) await Promise.race([supervisor.started.promise, supervised]);
      else {
        await supervised;
        if (supervisor.exitCode !== 0) return;
      }
    }
    this.#areInitDone = !this.#stopping.signal.aborted;
    this.#noteChange();
  }

  #supervise(container: V1Container, kind: ContainerKind): Promise<void> {
    const context = this.#context;
    if (context === undefined || this.#stopping.signal.aborted) return Promise.resolve();
    const target = (container as { targetContainerName?: string }).targetContainerName;
    const supervisor = new ContainerSupervisor(
      {
        context,
        container,
        kind,
        findProcessNamespace: () => {
          if (target !== undefined && target !== '') return this.#supervisors.get(target)?.run?.process.pid;
          return this.#pod.spec?.shareProcessNamespace === true ? context.namespace.pid : undefined;
        },
        onChange: () => this.#noteChange(),
      },
      this.#initial.init.length > 0 && kind !== 'ephemeral' ? 'PodInitializing' : 'ContainerCreating',
    );
    this.#supervisors.set(container.name, supervisor);
    const supervised = supervisor.supervise();
    this.#supervised.push(supervised);
    return supervised;
  }

  #startEphemeral(): void {
    for (const container of this.#pod.spec?.ephemeralContainers ?? []) {
      if (!this.#supervisors.has(container.name) && !this.#isFinishing)
        void this.#supervise(container, 'ephemeral');
    }
  }

  /** The main containers first; then the sidecars, in reverse order. */
  async #endContainers(graceMs: number): Promise<void> {
    const { clock } = this.#options.node;
    const untilMs = clock.monotonicMs() + graceMs;
    const all = [...this.#supervisors.values()];
    const sidecars = all.filter(({ kind }) => kind === 'sidecar').reverse();
    await Promise.all(all.filter(({ kind }) => kind !== 'sidecar').map((each) => each.terminate(graceMs)));
    for (const each of sidecars) await each.terminate(Math.max(0, untilMs - clock.monotonicMs()));
  }

  async #clean(): Promise<void> {
    const { folder, node } = this.#options;
    await this.#refreshing;
    try {
      await this.namespace?.close();
      await rm(folder, { recursive: true, force: true });
    } catch (error) {
      node.logger.warn('a pod left something', { pod: this.#pod.metadata.name, error: describeError(error) });
    }
  }

  /** `activeDeadlineSeconds`. Returns what ends the watch. */
  #watchDeadline(): () => void {
    const seconds = this.#pod.spec?.activeDeadlineSeconds;
    if (seconds === undefined) return () => undefined;
    const timer = this.#options.node.clock.after(seconds * 1000, () => {
      const message = 'Pod was active on the node longer than the specified deadline';
      this.#failure = { reason: 'DeadlineExceeded', message };
      this.#event('Normal', 'DeadlineExceeded', message);
      this.#stopping.abort();
      void this.#endContainers(this.#gracePeriodMs());
    });
    return () => timer.cancel();
  }

  #renewTokens(): void {
    const { clock, logger } = this.#options.node;
    const { signal } = this.#stopping;
    const renew = async (): Promise<void> => {
      while (!signal.aborted) {
        await clock.sleep(TOKEN_CHECK_MS, { signal });
        this.refreshVolumes();
      }
    };
    runInBackground('renewing tokens', renew(), logger);
  }

  #gracePeriodMs(): number {
    return (this.#pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
  }

  /** Writes the status soon; changes that come meanwhile are written together. */
  #noteChange(): void {
    if (this.#isStatusDue) return;
    this.#isStatusDue = true;
    const { clock, cluster, logger } = this.#options.node;
    const pause = new Promise<void>((resolve) => clock.after(STATUS_COALESCE_MS, resolve));
    this.#statusWriting = Promise.all([this.#statusWriting, pause])
      .then(async () => {
        this.#isStatusDue = false;
        const { name, namespace = '', uid } = this.#pod.metadata;
        await cluster.change(
          'pods',
          { namespace, name },
          (copy) => (copy.metadata.uid === uid ? { ...copy, status: this.#buildStatus(copy) } : undefined),
          { subresource: 'status' },
        );
      })
      .catch((error: unknown) => logger.warn('a status was not written', { error: describeError(error) }));
  }

  #buildStatus(pod: Stored<'pods'>): V1PodStatus {
    const statuses = (containers: readonly V1Container[]): PodFacts['app'] =>
      containers.map(
        (container) => this.#supervisors.get(container.name)?.status() ?? this.#unstarted(container),
      );
    return buildPodStatus(pod, {
      now: toTime(this.#options.node.clock.epochMs()),
      startTime: this.#startTime,
      ...(this.namespace === undefined ? {} : { podAddress: this.namespace.address }),
      init: statuses(this.#initial.init),
      app: statuses(this.#initial.app),
      ephemeral: statuses(pod.spec?.ephemeralContainers ?? []),
      areInitDone: this.#areInitDone,
      isOver: this.#isOver,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    });
  }

  #unstarted({ name, image = '' }: V1Container): PodFacts['app'][number] {
    const reason = this.#initial.init.length > 0 ? 'PodInitializing' : 'ContainerCreating';
    return {
      name,
      image,
      imageID: '',
      state: { waiting: { reason } },
      lastState: {},
      ready: false,
      restartCount: 0,
      started: false,
    };
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { name, namespace = '', uid } = this.#pod.metadata;
    this.#options.node.events.record(
      { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
      type,
      reason,
      message,
    );
  }
}
