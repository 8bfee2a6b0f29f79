/** The streaming subresources of pods: logs, exec, attach, and connections into a pod's network. */
import { connect } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { ApiError } from '../store/api-error.ts';
import { StartError, type ContainerProcess } from './containers/container-process.ts';
import type { Kubelet } from './kubelet.ts';
import type { ContainerReference, KubeletApi, ProcessStreams } from './kubelet-api.ts';
import type { ContainerSupervisor } from './pods/container-supervisor.ts';

export function createPodStreams(kubelet: Pick<Kubelet, 'find'>): KubeletApi {
  const find = (reference: ContainerReference): ContainerSupervisor | undefined =>
    kubelet.find(reference)?.find(reference.container);
  const findRunning = (reference: ContainerReference): ContainerSupervisor => {
    const supervisor = find(reference);
    if (supervisor?.isRunning !== true) throw refused(500, `container not found ("${reference.container}")`);
    return supervisor;
  };
  return {
    logs(reference, { previous, ...options }, signal): Promise<Readable> {
      const supervisor = find(reference);
      const { container, pod } = reference;
      const run = previous ? supervisor?.previousRun : supervisor?.run;
      if (run !== undefined) return Promise.resolve(run.log.read(options, signal));
      const { state } = supervisor?.status() ?? {};
      const reason = state?.waiting?.reason ?? 'ContainerCreating';
      const message = previous
        ? `previous terminated container "${container}" in pod "${pod}" not found`
        : `container "${container}" in pod "${pod}" is waiting to start: ${describeWaiting(reason)}`;
      return Promise.reject(refused(400, message));
    },

    async exec({ command, tty, ...reference }, streams, signal): Promise<{ exitCode: number }> {
      const supervisor = findRunning(reference);
      let child: ContainerProcess;
      try {
        child = await supervisor.exec(command, { isTerminal: tty, hasInput: streams.stdin !== undefined });
      } catch (error) {
        if (!(error instanceof StartError)) throw error;
        throw refused(
          500,
          `Internal error occurred: failed to start exec: OCI runtime exec failed: ${error.message}`,
        );
      }
      const kill = (): void => child.kill('SIGKILL');
      if (signal.aborted) kill();
      signal.addEventListener('abort', kill, { once: true });
      if (child.stdin !== undefined) streams.stdin?.pipe(child.stdin);
      const written = [pipeOutput(child.stdout, streams.stdout), pipeOutput(child.stderr, streams.stderr)];
      streams.terminal?.onResize((columns, rows) => child.resize(columns, rows));
      const { exitCode } = await child.exited;
      signal.removeEventListener('abort', kill);
      await Promise.all(written);
      if (child.stdin !== undefined) streams.stdin?.unpipe(child.stdin);
      return { exitCode };
    },

    async attach({ tty, ...reference }, streams, signal): Promise<void> {
      const supervisor = findRunning(reference);
      const { run } = supervisor;
      if (run === undefined) return;
      if (tty) streams.terminal?.onResize((columns, rows) => run.process.resize(columns, rows));
      await run.attach(streams, signal, { isStdinOnce: supervisor.isStdinOnce });
    },

    connect({ namespace, pod }, port, signal): Promise<Duplex> {
      const network = kubelet.find({ namespace, pod })?.namespace;
      if (network === undefined)
        return Promise.reject(refused(500, `pod ${pod}_${namespace} has no network`));
      const { loopbackSource } = network;
      return new Promise((resolve, reject) => {
        const socket = connect({
          host: '127.0.0.1',
          port,
          allowHalfOpen: true,
          noDelay: true,
          ...(loopbackSource === undefined ? {} : { localAddress: loopbackSource }),
        });
        const abort = (): void => void socket.destroy(signal.reason as Error);
        signal.addEventListener('abort', abort, { once: true });
        if (signal.aborted) abort();
        socket.once('error', reject);
        socket.once('connect', () => {
          signal.removeEventListener('abort', abort);
          socket.off('error', reject);
          resolve(socket);
        });
      });
    },
  };
}

function refused(code: number, message: string): ApiError {
  const reason = code === 400 ? 'BadRequest' : 'InternalError';
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code,
  });
}

/** As the kubelet words it: some reasons are sentences there. */
function describeWaiting(reason: string): string {
  if (reason === 'ErrImagePull' || reason === 'ImagePullBackOff') return "image can't be pulled";
  if (reason === 'CreateContainerConfigError')
    return 'container is waiting to start: CreateContainerConfigError';
  return reason;
}

/** Resolves when all has been written. The writable is ended. Without one the output is thrown away. */
function pipeOutput(source: Readable, target: ProcessStreams['stdout']): Promise<void> {
  if (target === undefined) {
    source.resume();
    return new Promise((resolve) => source.once('close', resolve));
  }
  return new Promise((resolve) => {
    target.once('finish', resolve).once('close', resolve);
    source.pipe(target);
  });
}
