/**
 * Pods of a StatefulSet that never became ready: its controller waits for them for ever, even when the template that broke
 * them is gone, so somebody has to delete them.
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback
 */
import { isToolError } from '../errors/index.ts';
import { kubeStatus, paths, type V1Pod, type V1StatefulSet } from '../kube/index.ts';
import { readRecord } from './agent-pieces.ts';
import type { OperationContext } from './context.ts';
import { observe } from './observe.ts';
import { isActive, isReady } from './pod-state.ts';
import { podsOf, templateOf, type Workload } from './workload.ts';

/** Deletes the pods of a StatefulSet that are not ready and carry an agent that its template no longer has. */
export async function deleteStuckPods(
  { kube, clock, logger, signal }: Pick<OperationContext, 'kube' | 'clock' | 'logger' | 'signal'>,
  workload: Workload,
): Promise<void> {
  if (workload.kind !== 'StatefulSet') return;
  const { namespace, name, label } = workload;
  const revision = readRecord(label, templateOf(workload))?.revision;
  const source = { path: paths.statefulSets(namespace), fieldSelector: `metadata.name=${name}` };
  // A pod that is deleted before the controller has seen the template would come back as it was.
  await observe<{ workload: V1StatefulSet }, true>(
    kube,
    { workload: source },
    { clock, signal, decide: ({ workload: [object] }) => (isObserved(object) ? true : undefined) },
  );
  const { items } = await kube.list<V1Pod>(paths.pods(namespace), { ...podsOf(workload), signal });
  const stuck = items.filter((pod) => {
    const carried = readRecord(label, pod)?.revision;
    return isActive(pod) && !isReady(pod) && carried !== undefined && carried !== revision;
  });
  for (const { metadata: { name: pod = '', uid = '' } = {} } of stuck) {
    try {
      await kube.delete(paths.pods(namespace, pod), { signal, preconditions: { uid } });
      logger.info('deleted a pod that could not start', { pod });
    } catch (error) {
      // Replaced meanwhile, or not ours to delete.
      if (kubeStatus(error)?.status !== 409 && !isToolError(error, 'KUBE_FORBIDDEN')) throw error;
      logger.warn('a pod that could not start was not deleted', { pod });
    }
  }
}

function isObserved(object: V1StatefulSet | undefined): boolean {
  if (object === undefined) return true;
  return (object.status?.observedGeneration ?? 0) >= (object.metadata?.generation ?? 0);
}
