/** Keeps one container of a pod as its specification says: starts it, probes it, starts it again, ends it. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createDeferred, describeError, runInBackground, type Deferred } from '../../../core/index.ts';
import type { V1Container, V1ContainerState, V1ContainerStatus, V1Probe } from '../../../kube/index.ts';
import { ConfigError } from '../containers/config-error.ts';
import {
  StartError,
  startInContainer,
  type ContainerProcess,
  type Exit,
} from '../containers/container-process.ts';
import type { EventSubject } from '../event-recorder.ts';
import { IMAGE_BACKOFF_INITIAL_MS, IMAGE_BACKOFF_MAXIMUM_MS, MAX_OUTPUT_BYTES, RETRY_MS } from '../limits.ts';
import type { Image } from '../node-options.ts';
import { runCheck, type CheckTarget } from '../probes/check.ts';
import { runProber, withTimeout } from '../probes/prober.ts';
import { ContainerRun } from './container-run.ts';
import { planLaunch } from './launch.ts';
import type { PodContext } from './pod-context.ts';
import { createCrashBackoff, shouldRestart, type ContainerKind } from './restart-policy.ts';

export interface SupervisorOptions {
  context: PodContext;
  container: V1Container;
  kind: ContainerKind;
  /** Whose process namespace it joins. */
  findProcessNamespace: () => number | undefined;
  /** After each change of {@link ContainerSupervisor.status}. Must not throw. */
  onChange: () => void;
}

export class ContainerSupervisor {
  readonly name: string;
  readonly kind: ContainerKind;
  /** Resolves when it has started once: a sidecar's startup probe has passed, or there is none. */
  readonly started: Deferred<undefined> = createDeferred<undefined>();
  run?: ContainerRun;
  previousRun?: ContainerRun;
  readonly #options: SupervisorOptions;
  readonly #stopping = new AbortController();
  readonly #backoff = createCrashBackoff();
  #container: V1Container;
  #state: V1ContainerState;
  #lastState: V1ContainerState = {};
  #restartCount = 0;
  #isStarted = false;
  #isReady = false;
  #imageId = '';
  #runSignal = new AbortController();

  constructor(options: SupervisorOptions, initialReason: string) {
    this.#options = options;
    this.#container = options.container;
    this.name = options.container.name;
    this.kind = options.kind;
    this.#state = { waiting: { reason: initialReason } };
  }

  /** The first who attaches gives all the input there is. */
  get isStdinOnce(): boolean {
    return this.#container.stdinOnce === true;
  }

  get isRunning(): boolean {
    return this.#state.running !== undefined;
  }

  /** Of the last run, when it has ended for good or until it starts again. */
  get exitCode(): number | undefined {
    return this.#state.terminated?.exitCode;
  }

  status(): V1ContainerStatus {
    const id = this.run?.id;
    const isInit = this.kind === 'init';
    return {
      name: this.name,
      image: this.#container.image ?? '',
      imageID: this.#imageId,
      ...(id === undefined ? {} : { containerID: id }),
      state: this.#state,
      lastState: this.#lastState,
      ready: isInit ? this.exitCode === 0 : this.#isReady,
      restartCount: this.#restartCount,
      started: this.#isStarted && this.isRunning,
    };
  }

  /** Runs the container until it has ended for good, or {@link terminate} was called. Never rejects. */
  async supervise(): Promise<void> {
    try {
      while (!this.#isStopping()) {
        const exit = await this.#runOnce();
        if (exit === undefined || this.#isStopping()) return;
        const { restartPolicy = 'Always' } = this.#options.context.pod().spec ?? {};
        if (!shouldRestart(this.kind, restartPolicy, exit.exitCode)) return;
        await this.#waitToRestart();
      }
    } catch (error) {
      if (!this.#isStopping())
        this.#options.context.node.logger.error('a container is given up', {
          name: this.name,
          error: describeError(error),
        });
    }
  }

  /** Ends the container: preStop hook, SIGTERM, and SIGKILL when the grace period is over. Resolves when it has ended. */
  async terminate(graceMs: number): Promise<void> {
    this.#stopping.abort();
    if (this.run === undefined || !this.isRunning) return;
    this.#event('Normal', 'Killing', `Stopping container ${this.name}`);
    await this.#end(this.run, graceMs);
  }

  /** The image is the only thing of a running container that can change. */
  update(container: V1Container): void {
    const before = this.#container;
    this.#container = container;
    if (before.image === container.image || this.run === undefined || !this.isRunning) return;
    this.#event('Normal', 'Killing', `Container ${this.name} definition changed, will be restarted`);
    this.#endInBackground(this.run, this.#gracePeriodMs());
  }

  /** Executes a command in the running container. @throws {StartError} */
  async exec(
    command: readonly string[],
    { isTerminal = false, hasInput = false }: { isTerminal?: boolean; hasInput?: boolean } = {},
  ): Promise<ContainerProcess> {
    const { run } = this;
    if (run === undefined || !this.isRunning) throw new StartError('container is not running');
    const env = isTerminal ? new Map([['TERM', 'xterm'], ...run.launch.options.env]) : run.launch.options.env;
    return startInContainer(run.process.pid, { ...run.launch.options, env, command, isTerminal, hasInput });
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** One run, from the image to the end. Undefined when it was stopped before it ran. */
  async #runOnce(): Promise<Exit | undefined> {
    const { context, findProcessNamespace } = this.#options;
    const { clock } = context.node;
    const image = await this.#findImage();
    const attempt = join(context.folder, `${this.name}-${this.#restartCount}`);
    try {
      const run = await this.#start(image, attempt, findProcessNamespace);
      if (run === undefined) return undefined;
      this.run = run;
      this.#set({ running: { startedAt: toTime(run.startedAtMs) } });
      this.#event('Normal', 'Started', `Started container ${this.name}`);
      this.#runSignal = new AbortController();
      const hooks = this.#afterStart(run, this.#runSignal.signal);
      runInBackground('a container was watched and this', hooks, context.node.logger);
      // The pod was deleted while it started.
      if (this.#stopping.signal.aborted) this.#endInBackground(run, this.#gracePeriodMs());
      const exit = await run.ended;
      this.#runSignal.abort();
      const message = await run.terminationMessage(this.#container, exit);
      this.#isReady = false;
      this.#isStarted = false;
      this.#set({
        terminated: {
          exitCode: exit.exitCode,
          ...(exit.signal === undefined ? {} : { signal: exit.signal }),
          reason: exit.exitCode === 0 ? 'Completed' : 'Error',
          ...(message === '' ? {} : { message }),
          startedAt: toTime(run.startedAtMs),
          finishedAt: toTime(clock.epochMs()),
          containerID: run.id,
        },
      });
      return exit;
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.#event('Warning', 'Failed', `Error: ${error.message}`);
      const now = toTime(clock.epochMs());
      const message = `failed to create containerd task: ${error.message}`;
      this.#set({
        terminated: { exitCode: 128, reason: 'StartError', message, startedAt: now, finishedAt: now },
      });
      return { exitCode: 128 };
    } finally {
      await rm(attempt, { recursive: true, force: true }).catch((error: unknown) => {
        context.node.logger.debug('a container left files', { error: describeError(error) });
      });
    }
  }

  /** Waits for an image of that name. */
  async #findImage(): Promise<Image> {
    const { images, clock } = this.#options.context.node;
    for (let waitMs = IMAGE_BACKOFF_INITIAL_MS; ; waitMs = Math.min(waitMs * 2, IMAGE_BACKOFF_MAXIMUM_MS)) {
      const name = this.#container.image ?? '';
      const found = images.find(name);
      if (found !== undefined) {
        this.#imageId = found.id;
        this.#event('Normal', 'Pulled', `Container image "${name}" already present on machine`);
        return found;
      }
      if (this.#container.imagePullPolicy === 'Never') {
        const message = `Container image "${name}" is not present with pull policy of Never`;
        this.#event('Warning', 'ErrImageNeverPull', message);
        this.#set({ waiting: { reason: 'ErrImageNeverPull', message } });
      } else {
        const cause = `no command is loaded for this image: tp sandbox load ${name}=COMMAND`;
        const message = `failed to pull and unpack image "${name}": ${cause}`;
        this.#event('Normal', 'Pulling', `Pulling image "${name}"`);
        this.#event('Warning', 'Failed', `Failed to pull image "${name}": ${message}`);
        this.#event('Warning', 'Failed', 'Error: ErrImagePull');
        this.#set({ waiting: { reason: 'ErrImagePull', message } });
        await clock.sleep(RETRY_MS, { signal: this.#stopping.signal });
        this.#event('Normal', 'BackOff', `Back-off pulling image "${name}"`);
        this.#event('Warning', 'Failed', 'Error: ImagePullBackOff');
        const backOff = `Back-off pulling image "${name}": ErrImagePull: ${message}`;
        this.#set({ waiting: { reason: 'ImagePullBackOff', message: backOff } });
      }
      await clock.sleep(waitMs, { signal: this.#stopping.signal });
    }
  }

  /** Creates and starts it; a container that cannot be created as it is said is tried again and again. */
  async #start(
    image: Image,
    folder: string,
    findProcessNamespace: () => number | undefined,
  ): Promise<ContainerRun | undefined> {
    const { context } = this.#options;
    for (;;) {
      if (this.#stopping.signal.aborted) return undefined;
      try {
        const launch = await planLaunch(context, this.#container, {
          image,
          folder,
          processNamespacePid: findProcessNamespace(),
        });
        this.#event('Normal', 'Created', `Created container: ${this.name}`);
        return await ContainerRun.start(launch, context.node.clock);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        this.#event('Warning', 'Failed', `Error: ${error.message}`);
        this.#set({ waiting: { reason: 'CreateContainerConfigError', message: error.message } });
        await context.node.clock.sleep(RETRY_MS, { signal: this.#stopping.signal });
      }
    }
  }

  async #waitToRestart(): Promise<void> {
    const { terminated } = this.#state;
    const { clock } = this.#options.context.node;
    const ranMs = Date.parse(terminated?.finishedAt ?? '') - Date.parse(terminated?.startedAt ?? '');
    const waitMs = this.#backoff.afterRun(Number.isNaN(ranMs) ? 0 : ranMs);
    if (this.run !== undefined) this.previousRun = this.run;
    if (waitMs > 0) {
      const { name, namespace = '', uid } = this.#options.context.pod().metadata;
      const where = `${name}_${namespace}(${uid})`;
      this.#lastState = this.#state;
      this.#event('Warning', 'BackOff', `Back-off restarting failed container ${this.name} in pod ${where}`);
      const message = `back-off ${formatSeconds(waitMs)} restarting failed container=${this.name} pod=${where}`;
      this.#set({ waiting: { reason: 'CrashLoopBackOff', message } });
      await clock.sleep(waitMs, { signal: this.#stopping.signal });
    } else {
      this.#lastState = this.#state;
    }
    this.#restartCount += 1;
  }

  /** The postStart hook, then the probes. */
  async #afterStart(run: ContainerRun, signal: AbortSignal): Promise<void> {
    const { lifecycle, startupProbe, livenessProbe, readinessProbe } = this.#container;
    if (lifecycle?.postStart !== undefined) {
      const { isSuccess, message } = await this.#runHook(lifecycle.postStart, signal);
      if (!isSuccess) {
        this.#event('Warning', 'FailedPostStartHook', `PostStartHook failed: ${message}`);
        this.#event('Normal', 'Killing', 'FailedPostStartHook');
        return this.#end(run, this.#gracePeriodMs());
      }
    }
    if (startupProbe !== undefined) await this.#awaitStartup(run, startupProbe, signal);
    if (signal.aborted) return;
    this.#isStarted = true;
    this.#isReady = readinessProbe === undefined;
    this.#options.onChange();
    this.started.resolve(undefined);
    await Promise.all([
      livenessProbe !== undefined &&
        this.#probe('Liveness', livenessProbe, signal, (isSuccess) => {
          if (!isSuccess) this.#killUnhealthy(run, 'liveness', livenessProbe);
        }),
      readinessProbe !== undefined &&
        this.#probe('Readiness', readinessProbe, signal, (isSuccess) => {
          this.#isReady = isSuccess;
          this.#options.onChange();
        }),
    ]);
  }

  async #awaitStartup(run: ContainerRun, probe: V1Probe, signal: AbortSignal): Promise<void> {
    const passed = new AbortController();
    const onEnd = (): void => passed.abort();
    signal.addEventListener('abort', onEnd, { once: true });
    await this.#probe('Startup', probe, passed.signal, (isSuccess) => {
      passed.abort();
      if (!isSuccess) {
        this.#killUnhealthy(run, 'startup', probe);
        this.#runSignal.abort();
      }
    });
    signal.removeEventListener('abort', onEnd);
  }

  #probe(
    kind: string,
    probe: V1Probe,
    signal: AbortSignal,
    onOutcome: (isSuccess: boolean) => void,
  ): Promise<void> {
    return runProber({
      probe,
      clock: this.#options.context.node.clock,
      check: (checkSignal) => runCheck(probe, this.#target(), checkSignal),
      onFailure: (message) => this.#event('Warning', 'Unhealthy', `${kind} probe failed: ${message}`),
      onOutcome,
      signal,
    });
  }

  #killUnhealthy(run: ContainerRun, kind: string, { terminationGracePeriodSeconds }: V1Probe): void {
    this.#event('Normal', 'Killing', `Container ${this.name} failed ${kind} probe, will be restarted`);
    const graceMs =
      terminationGracePeriodSeconds === undefined
        ? this.#gracePeriodMs()
        : terminationGracePeriodSeconds * 1000;
    this.#endInBackground(run, graceMs);
  }

  #endInBackground(run: ContainerRun, graceMs: number): void {
    runInBackground('ending a container', this.#end(run, graceMs), this.#options.context.node.logger);
  }

  /** Resolves when the run has ended. */
  async #end(run: ContainerRun, graceMs: number): Promise<void> {
    const { clock } = this.#options.context.node;
    const untilMs = clock.monotonicMs() + graceMs;
    const preStop = this.#container.lifecycle?.preStop;
    const neverAborted = new AbortController();
    if (preStop !== undefined && graceMs > 0) {
      const { isSuccess, message } = await withTimeout((signal) => this.#runHook(preStop, signal), {
        timeoutMs: graceMs,
        clock,
        signal: neverAborted.signal,
      });
      if (!isSuccess) this.#event('Warning', 'FailedPreStopHook', `PreStopHook failed: ${message}`);
    }
    const stopSignal = graceMs > 0 ? 'SIGTERM' : 'SIGKILL';
    run.process.kill(stopSignal);
    const timer = clock.after(Math.max(0, untilMs - clock.monotonicMs()), () => run.process.kill('SIGKILL'));
    await run.ended;
    timer.cancel();
  }

  async #runHook(
    hook: NonNullable<NonNullable<V1Container['lifecycle']>['preStop']>,
    signal: AbortSignal,
  ): Promise<{ isSuccess: boolean; message: string }> {
    if (hook.sleep === undefined) return runCheck(hook, this.#target(), signal);
    await this.#options.context.node.clock
      .sleep(hook.sleep.seconds * 1000, { signal })
      .catch(() => undefined);
    return { isSuccess: true, message: '' };
  }

  #target(): CheckTarget {
    return {
      address: this.#options.context.namespace.address,
      findPort: (port) => {
        if (typeof port === 'number') return port;
        const named = this.#container.ports?.find(({ name }) => name === port)?.containerPort;
        return named ?? (/^\d+$/.test(port) ? Number(port) : undefined);
      },
      exec: async (command, signal) => {
        const child = await this.exec(command);
        const kill = (): void => child.kill('SIGKILL');
        signal.addEventListener('abort', kill, { once: true });
        let output = '';
        const collect = (chunk: Buffer): void => {
          if (output.length < MAX_OUTPUT_BYTES) output += chunk.toString('utf8');
        };
        child.stdout.on('data', collect);
        child.stderr.on('data', collect);
        const { exitCode } = await child.exited;
        signal.removeEventListener('abort', kill);
        return { exitCode, output };
      },
    };
  }

  #gracePeriodMs(): number {
    return (this.#options.context.pod().spec?.terminationGracePeriodSeconds ?? 30) * 1000;
  }

  #set(state: V1ContainerState): void {
    this.#state = state;
    this.#options.onChange();
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { metadata } = this.#options.context.pod();
    const list = {
      init: 'initContainers',
      sidecar: 'initContainers',
      app: 'containers',
      ephemeral: 'ephemeralContainers',
    };
    const subject: EventSubject = {
      apiVersion: 'v1',
      kind: 'Pod',
      name: metadata.name,
      uid: metadata.uid,
      namespace: metadata.namespace ?? '',
      fieldPath: `spec.${list[this.kind]}{${this.name}}`,
    };
    this.#options.context.node.events.record(subject, type, reason, message);
  }
}

/** RFC 3339 in seconds, as Kubernetes writes times. */
export function toTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** As Go prints a duration: `10s`, `1m20s`. */
function formatSeconds(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
