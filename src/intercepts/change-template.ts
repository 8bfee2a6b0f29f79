/** Brings the pod template of a workload to what is wanted: a patch, or for a bare Pod a new Pod. */
import { readRecord, type AgentPieces } from './agent-pieces.ts';
import type { OperationContext } from './context.ts';
import { patchLocked } from './locked-patch.ts';
import { podManifest } from './pod-manifest.ts';
import { recreatePod, type PodRecovery } from './recreate-pod.ts';
import { deleteStuckPods } from './stuck-pods.ts';
import { planTemplateChange } from './template-change.ts';
import { templateOf, toWorkload, workloadPath, type Workload, type WorkloadObject } from './workload.ts';

export interface TemplateChange {
  workload: Workload;
  /** Asked again when somebody else was faster. `keep` leaves the template as it is. */
  choose: (workload: Workload) => AgentPieces | undefined | 'keep';
  recovery: PodRecovery;
}

/**
 * Returns the workload as it is after the change.
 * @throws {KUBE_CONFLICT, TARGET_UNSUPPORTED} and other KUBE_*; then nothing was changed
 */
export async function changeTemplate(
  context: Pick<OperationContext, 'kube' | 'clock' | 'logger' | 'onProgress' | 'signal'>,
  { workload, choose, recovery }: TemplateChange,
): Promise<Workload> {
  const { kube, clock, signal } = context;
  const { kind, namespace } = workload;
  if (workload.kind === 'Pod') {
    const pieces = choose(workload);
    if (pieces === 'keep') return workload;
    const manifest = podManifest(workload.object, pieces);
    const pod = await recreatePod(context, { pod: workload.object, manifest, recovery });
    return toWorkload(kind, namespace, pod);
  }
  const object = await patchLocked<WorkloadObject>(kube, {
    path: workloadPath(workload),
    object: workload.object,
    plan: (current) => {
      const now = toWorkload(kind, namespace, current);
      const pieces = choose(now);
      return pieces === 'keep' ? [] : planTemplateChange(now, pieces);
    },
    clock,
    signal,
  });
  return toWorkload(kind, namespace, object);
}

/**
 * Puts the template back to `previous` (no agent when undefined), unless somebody changed the injection again since.
 */
export async function revertTemplate(
  context: Pick<OperationContext, 'kube' | 'clock' | 'logger' | 'onProgress' | 'signal'>,
  {
    workload,
    previous,
    recovery,
  }: { workload: Workload; previous: AgentPieces | undefined; recovery: PodRecovery },
): Promise<void> {
  const { kube, signal } = context;
  const { kind, namespace, label } = workload;
  const revisionOf = (of: Workload): string | undefined => readRecord(label, templateOf(of))?.revision;
  const ours = revisionOf(workload);
  const object = await kube.find<WorkloadObject>(workloadPath(workload), { signal });
  if (object === undefined) return;
  const current = toWorkload(kind, namespace, object);
  const reverted = await changeTemplate(context, {
    workload: current,
    choose: (now) => (revisionOf(now) === ours ? previous : 'keep'),
    recovery,
  });
  await deleteStuckPods(context, reverted);
}
