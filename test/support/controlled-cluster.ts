/**
 * The sandbox's API server and controllers in this process, with a kubelet that starts no process: its pods are running
 * and ready as soon as they are bound, and gone as soon as they are deleted, unless a test says otherwise.
 */
import type { V1Pod, V1PodTemplateSpec } from '../../src/kube/index.ts';
import { nullLogger } from '../../src/core/index.ts';
import { LocalAccess, Registry, systemUser } from '../../src/sandbox/api/index.ts';
import { allControllers, startControllers } from '../../src/sandbox/controllers/index.ts';
import { ObjectStore } from '../../src/sandbox/store/index.ts';
import type { ClusterAccess, Stored } from '../../src/sandbox/store/cluster-access.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';

export const NAMESPACE = 'shop';

export interface ControlledCluster {
  cluster: ClusterAccess;
  clock: FakeClock;
  /** What the kubelet makes of a bound pod, and of one that is being deleted (undefined: it stays). */
  kubelet: { start(pod: V1Pod): V1Pod['status'] | undefined; stops: boolean };
  /** Lets everything that is on its way come to rest. */
  settle(): Promise<void>;
  /** Active pods by name. */
  pods(): Stored<'pods'>[];
  stop(): Promise<void>;
}

export function runningStatus(clock: FakeClock, address: string, isReady = true): V1Pod['status'] {
  const lastTransitionTime = new Date(clock.epochMs()).toISOString();
  const status = isReady ? 'True' : 'False';
  return { phase: 'Running', podIP: address, conditions: [{ type: 'Ready', status, lastTransitionTime }] };
}

export async function createControlledCluster(): Promise<ControlledCluster> {
  const clock = createFakeClock();
  const registry = new Registry({ store: new ObjectStore(), clock });
  const cluster = new LocalAccess(registry, systemUser, 'test');
  let addresses = 1;
  const kubelet: ControlledCluster['kubelet'] = {
    start: () => runningStatus(clock, `10.244.0.${String((addresses += 1))}`),
    stops: true,
  };
  const work = new Set<Promise<unknown>>();
  const track = (promise: Promise<unknown>): void => {
    const done = promise.catch(() => undefined).finally(() => work.delete(done));
    work.add(done);
  };
  const unwatch = cluster.watch('pods', ({ type, object }) => {
    if (type === 'DELETED') return;
    const reference = { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
    if (object.metadata.deletionTimestamp !== undefined) {
      if (kubelet.stops)
        track(Promise.resolve().then(() => cluster.delete('pods', reference, { gracePeriodSeconds: 0 })));
    } else if (object.spec?.nodeName === undefined)
      track(
        Promise.resolve().then(() =>
          cluster.change(
            'pods',
            reference,
            (copy) => ({
              ...copy,
              spec: { ...copy.spec, containers: copy.spec?.containers ?? [], nodeName: 'sandbox' },
            }),
            { subresource: 'binding' },
          ),
        ),
      );
    else if (object.status?.podIP === undefined) {
      const status = kubelet.start(object);
      if (status !== undefined)
        track(
          Promise.resolve().then(() =>
            cluster.change(
              'pods',
              reference,
              (copy) => ({ ...copy, status: { ...copy.status, ...status } }),
              {
                subresource: 'status',
              },
            ),
          ),
        );
    }
  });
  const stopControllers = startControllers(allControllers('authority'), {
    cluster,
    clock,
    logger: nullLogger,
  });
  await cluster.create('nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'sandbox', labels: { 'kubernetes.io/os': 'linux' } },
  });
  const controlled: ControlledCluster = {
    cluster,
    clock,
    kubelet,
    async settle(): Promise<void> {
      // Each turn lets some links of a chain of changes happen.
      let before = -1;
      for (let quiet = 0, turn = 0; quiet < 20; turn += 1) {
        if (turn > 5_000) throw new Error('the controllers do not come to rest');
        quiet = registry.store.revision === before ? quiet + 1 : 0;
        before = registry.store.revision;
        await clock.advance(0);
      }
    },
    pods: () =>
      cluster
        .list('pods', { namespace: NAMESPACE })
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined),
    async stop(): Promise<void> {
      unwatch();
      await stopControllers();
      await Promise.all(work);
    },
  };
  await cluster.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  await controlled.settle();
  return controlled;
}

/** A template whose container has one port called `http`. */
export function template(
  image = 'shop:1',
  labels: Record<string, string> = { app: 'web' },
): V1PodTemplateSpec {
  return {
    metadata: { labels },
    spec: { containers: [{ name: 'web', image, ports: [{ name: 'http', containerPort: 8080 }] }] },
  };
}
