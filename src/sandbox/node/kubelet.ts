/** Has a worker for each pod that is bound to the node, and answers what the API server asks about pods. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, runInBackground } from '../../core/index.ts';
import type { ClusterAccess, Stored } from '../store/cluster-access.ts';
import type { PodNetwork } from './network/pod-network.ts';
import { NODE_NAME } from './node-name.ts';
import type { NodeOptions } from './node-options.ts';
import type { NodeContext } from './pods/pod-context.ts';
import { PodWorker } from './pods/pod-worker.ts';

export interface Kubelet {
  find(pod: { namespace: string; pod: string }): PodWorker | undefined;
  /** Ends all pods at once, without their grace periods. */
  close(): Promise<void>;
}

export async function startKubelet(
  node: NodeContext,
  network: PodNetwork,
  { folder, issueToken }: Pick<NodeOptions, 'folder' | 'issueToken'>,
): Promise<Kubelet> {
  const { cluster, logger } = node;
  const pods = join(folder, 'pods');
  await mkdir(pods, { recursive: true });
  /** By uid: a pod's successor of the same name may begin while it ends. */
  const workers = new Map<string, PodWorker>();
  let isSaid = false;

  const begin = (pod: Stored<'pods'>): void => {
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return;
    const worker = new PodWorker({ node, network, pod, folder: join(pods, pod.metadata.uid), issueToken });
    workers.set(pod.metadata.uid, worker);
    worker.start();
    if (isSaid || !hasLimits(pod)) return;
    isSaid = true;
    const message = 'Limits of CPU and memory are not enforced by the sandbox, for this pod and all others';
    const subject = { apiVersion: 'v1', kind: 'Node', name: NODE_NAME, uid: NODE_NAME };
    node.events.record(subject, 'Warning', 'LimitsIgnored', message);
  };
  const end = async (pod: Stored<'pods'>, graceMs: number): Promise<void> => {
    const { uid, name, namespace = '' } = pod.metadata;
    await workers.get(uid)?.terminate(graceMs);
    workers.delete(uid);
    await cluster.delete('pods', { namespace, name }, { uid, gracePeriodSeconds: 0 });
  };
  const endInBackground = (pod: Stored<'pods'>, graceMs: number): void => {
    const work = end(pod, graceMs).catch((error: unknown) => {
      logger.debug('a pod had gone already', { pod: pod.metadata.name, error: describeError(error) });
    });
    runInBackground('ending a pod', work, logger);
  };

  const stopPods = cluster.watch('pods', ({ type, object }) => {
    if (object.spec?.nodeName !== NODE_NAME) return;
    const { uid, deletionTimestamp, deletionGracePeriodSeconds = 0 } = object.metadata;
    const worker = workers.get(uid);
    if (type === 'DELETED') {
      if (worker !== undefined)
        runInBackground(
          'ending a pod',
          worker.terminate(0).then(() => void workers.delete(uid)),
          logger,
        );
      return;
    }
    if (worker === undefined && deletionTimestamp === undefined) begin(object);
    else worker?.update(object);
    if (deletionTimestamp !== undefined) endInBackground(object, deletionGracePeriodSeconds * 1000);
  });
  const stopSources = watchVolumeSources(cluster, () => workers.values());

  return {
    find: ({ namespace, pod: name }) => {
      const pod = cluster.get('pods', { namespace, name });
      return pod === undefined ? undefined : workers.get(pod.metadata.uid);
    },
    async close(): Promise<void> {
      stopPods();
      stopSources();
      await Promise.all([...workers.values()].map((worker) => worker.terminate(0)));
      workers.clear();
    },
  };
}

function hasLimits({ spec }: Stored<'pods'>): boolean {
  return (spec?.containers ?? []).some(({ resources }) => Object.keys(resources?.limits ?? {}).length > 0);
}

/** ConfigMaps and Secrets that change are seen in the volumes of their namespace's pods. */
function watchVolumeSources(cluster: ClusterAccess, workers: () => Iterable<PodWorker>): () => void {
  const refresh = (namespace: string | undefined): void => {
    for (const worker of workers()) if (worker.pod.metadata.namespace === namespace) worker.refreshVolumes();
  };
  const stops = (['configmaps', 'secrets'] as const).map((resource) =>
    cluster.watch(resource, ({ object }) => refresh(object.metadata.namespace)),
  );
  return () => {
    for (const stop of stops) stop();
  };
}
