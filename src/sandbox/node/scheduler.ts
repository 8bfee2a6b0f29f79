/** Binds pods that have no node to the only one there is, or says why it does not fit. */
import { describeError, type Clock, type Logger } from '../../core/index.ts';
import type { V1Node, V1Pod, V1PodCondition } from '../../kube/index.ts';
import type { ClusterAccess, Stored } from '../store/cluster-access.ts';
import type { EventRecorder } from './event-recorder.ts';
import { MAX_PODS } from './limits.ts';
import { NODE_NAME } from './node-name.ts';
import { toTime } from './pods/container-supervisor.ts';

export interface SchedulerOptions {
  cluster: ClusterAccess;
  clock: Clock;
  logger: Logger;
  events: EventRecorder;
}

/** Returns what ends it. */
export function startScheduler({ cluster, clock, logger, events }: SchedulerOptions): () => void {
  const said = new Map<string, string>();
  const isPending = ({ spec, metadata }: Stored<'pods'>): boolean =>
    (spec?.nodeName ?? '') === '' &&
    metadata.deletionTimestamp === undefined &&
    (spec?.schedulerName ?? 'default-scheduler') === 'default-scheduler' &&
    (spec?.schedulingGates ?? []).length === 0;
  const schedule = async (pod: Stored<'pods'>): Promise<void> => {
    const { name, namespace = '', uid } = pod.metadata;
    const node = cluster.get('nodes', { name: NODE_NAME });
    const active = cluster
      .list('pods')
      .filter(
        ({ spec, status }) =>
          spec?.nodeName === NODE_NAME && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
      );
    const obstacle = findObstacle(pod, node, active.length);
    const lastTransitionTime = toTime(clock.epochMs());
    if (obstacle !== undefined) {
      if (said.get(uid) === obstacle) return;
      said.set(uid, obstacle);
      const message = `0/1 nodes are available: ${obstacle}. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.`;
      const condition = {
        type: 'PodScheduled',
        status: 'False',
        reason: 'Unschedulable',
        message,
        lastTransitionTime,
      };
      await cluster.change('pods', { namespace, name }, (copy) => withCondition(copy, condition), {
        subresource: 'status',
      });
      events.record(
        { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
        'Warning',
        'FailedScheduling',
        message,
      );
      return;
    }
    said.delete(uid);
    const bound = await cluster.change(
      'pods',
      { namespace, name },
      (copy) => {
        if (copy.metadata.uid !== uid || !isPending(copy)) return undefined;
        const scheduled = withCondition(copy, { type: 'PodScheduled', status: 'True', lastTransitionTime });
        return { ...scheduled, spec: { ...(copy.spec as NonNullable<V1Pod['spec']>), nodeName: NODE_NAME } };
      },
      { subresource: 'binding' },
    );
    if (bound?.spec?.nodeName !== NODE_NAME) return;
    const message = `Successfully assigned ${namespace}/${name} to ${NODE_NAME}`;
    events.record({ apiVersion: 'v1', kind: 'Pod', name, namespace, uid }, 'Normal', 'Scheduled', message);
  };
  const scheduleLater = (pod: Stored<'pods'>): void => {
    queueMicrotask(() => {
      schedule(pod).catch((error: unknown) => {
        logger.warn('a pod was not scheduled', { pod: pod.metadata.name, error: describeError(error) });
      });
    });
  };
  const retryAll = (): void => {
    for (const pod of cluster.list('pods')) if (isPending(pod)) scheduleLater(pod);
  };
  const stops = [
    cluster.watch('pods', ({ type, object }) => {
      if (type === 'DELETED') {
        said.delete(object.metadata.uid);
        if (said.size > 0) retryAll();
      } else if (isPending(object)) scheduleLater(object);
    }),
    cluster.watch('nodes', retryAll),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function withCondition(pod: Stored<'pods'>, condition: object): Stored<'pods'> {
  const { type } = condition as V1PodCondition;
  const others = (pod.status?.conditions ?? []).filter((other) => other.type !== type);
  return { ...pod, status: { ...pod.status, conditions: [...others, condition as V1PodCondition] } };
}

/** What the scheduler of Kubernetes would say against the node; undefined: the pod fits. */
export function findObstacle(
  { spec }: V1Pod,
  node: V1Node | undefined,
  podCount: number,
): string | undefined {
  if (node === undefined) return 'no nodes available to schedule pods';
  const taints = [...(node.spec?.taints ?? [])];
  if (
    node.spec?.unschedulable === true &&
    !taints.some(({ key }) => key === 'node.kubernetes.io/unschedulable')
  )
    return '1 node(s) were unschedulable';
  const isTolerated = (taint: { key: string; value?: string; effect: string }): boolean =>
    (spec?.tolerations ?? []).some(
      ({ key, operator = 'Equal', value = '', effect }) =>
        (effect === undefined || effect === '' || effect === taint.effect) &&
        ((key === undefined && operator === 'Exists') ||
          (key === taint.key && (operator === 'Exists' || value === (taint.value ?? '')))),
    );
  const blocking = taints.find((taint) => taint.effect !== 'PreferNoSchedule' && !isTolerated(taint));
  if (blocking !== undefined)
    return `1 node(s) had untolerated taint {${blocking.key}: ${blocking.value ?? ''}}`;
  const labels = node.metadata?.labels ?? {};
  const isSelected = Object.entries(spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const terms =
    spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const isAffine =
    terms === undefined ||
    terms.some((term) => (term.matchExpressions ?? []).every((each) => matches(each, labels)));
  if (!isSelected || !isAffine) return "1 node(s) didn't match Pod's node affinity/selector";
  if (podCount >= MAX_PODS) return '1 Too many pods';
  return undefined;
}

function matches(
  { key, operator, values = [] }: { key: string; operator: string; values?: readonly string[] },
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labels[key];
  if (operator === 'In') return value !== undefined && values.includes(value);
  if (operator === 'NotIn') return value === undefined || !values.includes(value);
  if (operator === 'Exists') return value !== undefined;
  if (operator === 'DoesNotExist') return value === undefined;
  const [bound = ''] = values;
  return operator === 'Gt'
    ? Number(value) > Number(bound)
    : operator === 'Lt' && Number(value) < Number(bound);
}
