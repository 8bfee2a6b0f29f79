/** A node of the sandbox with its API server and controllers, in one process inside namespaces that the test's starter made. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { nullLogger, systemClock } from '../../src/core/index.ts';
import type { V1PodSpec } from '../../src/kube/index.ts';
import { allControllers, startControllers } from '../../src/sandbox/controllers/index.ts';
import { startNode, type SandboxNode } from '../../src/sandbox/node/index.ts';
import type { ClusterAccess, ResourceName, Stored } from '../../src/sandbox/store/cluster-access.ts';
import { sandboxCluster } from './sandbox-cluster.ts';

/** Generous: the machine may be doing other things. */
const PATIENCE_MS = 60_000;

export interface NodeRig {
  objects: ClusterAccess;
  node: SandboxNode;
  createPod(name: string, spec: V1PodSpec, labels?: Record<string, string>): Promise<Stored<'pods'>>;
  /** Resolves with the object as soon as it is as wanted. Rejects with what it is after a long while. */
  awaitObject<R extends ResourceName>(
    resource: R,
    name: string,
    isWanted: (object: Stored<R>) => boolean,
  ): Promise<Stored<R>>;
  awaitGone(pod: string): Promise<void>;
  exec(
    pod: string,
    command: readonly string[],
    input?: Readable,
  ): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  logs(pod: string, container: string, options?: { previous?: boolean }): Promise<string>;
  close(): Promise<void>;
}

export async function startNodeRig(): Promise<NodeRig> {
  const folder = await mkdtemp(join(tmpdir(), 'tp-node-'));
  const { cluster: objects } = await sandboxCluster();
  const stopControllers = startControllers(allControllers('the authority'), {
    cluster: objects,
    clock: systemClock,
    logger: nullLogger,
  });
  const command = {
    id: `sha256:${'0'.repeat(64)}`,
    entrypoint: ['sh'],
    folders: [join(process.execPath, '../..')],
  };
  const node = await startNode({
    cluster: objects,
    images: { find: (name) => (name.startsWith('machine') ? command : undefined) },
    issueToken: ({ serviceAccount, audiences }) =>
      Promise.resolve(`token of ${serviceAccount} for ${audiences.join()}`),
    folder,
    clock: systemClock,
    logger: nullLogger,
  });
  const awaitObject: NodeRig['awaitObject'] = (resource, name, isWanted) =>
    new Promise((resolve, reject) => {
      let last: unknown;
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`${resource} ${name} is ${JSON.stringify(last, undefined, 1)}`));
      }, PATIENCE_MS);
      const stop = objects.watch(resource, ({ type, object }) => {
        if (object.metadata.name !== name) return;
        last = object;
        if (type === 'DELETED' || !isWanted(object)) return;
        clearTimeout(timer);
        queueMicrotask(() => stop());
        resolve(object);
      });
    });
  return {
    objects,
    node,
    awaitObject,
    createPod: (name, spec, labels = {}) =>
      objects.create('pods', {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default', labels },
        spec: { terminationGracePeriodSeconds: 5, serviceAccountName: 'default', ...spec },
      }),
    awaitGone: (pod) =>
      new Promise((resolve) => {
        const stop = objects.watch('pods', ({ type, object }) => {
          if (type === 'DELETED' && object.metadata.name === pod) {
            stop();
            resolve();
          }
        });
        if (objects.get('pods', { namespace: 'default', name: pod }) === undefined) {
          stop();
          resolve();
        }
      }),
    async exec(pod, command, input) {
      const texts = { stdout: '', stderr: '' };
      const collect = (name: 'stdout' | 'stderr'): Writable =>
        new Writable({
          write(chunk: Buffer, _encoding, done): void {
            texts[name] += chunk.toString();
            done();
          },
        });
      const container =
        objects.get('pods', { namespace: 'default', name: pod })?.spec?.containers[0]?.name ?? '';
      const { exitCode } = await node.kubelet.exec(
        { namespace: 'default', pod, container, command, tty: false },
        {
          stdout: collect('stdout'),
          stderr: collect('stderr'),
          ...(input === undefined ? {} : { stdin: input }),
        },
        new AbortController().signal,
      );
      return { exitCode, ...texts };
    },
    async logs(pod, container, { previous = false } = {}) {
      const options = { follow: false, previous, timestamps: false };
      const stream = await node.kubelet.logs(
        { namespace: 'default', pod, container },
        options,
        new AbortController().signal,
      );
      return Buffer.concat(await stream.toArray()).toString();
    },
    async close() {
      await stopControllers();
      await node.close();
      // Lazily: the kernel ends the namespaces of processes that are gone a moment later.
      await promisify(execFile)('umount', ['-l', folder]);
      await rm(folder, { recursive: true });
    },
  };
}

export function isReady({ status }: Stored<'pods'>): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}
