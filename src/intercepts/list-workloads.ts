/** The workloads of a namespace as `tp list` shows them. */
import type { WorkloadSummary } from '../contract/index.ts';
import type { KubeClient } from '../kube/index.ts';
import { findAgentContainer } from './agent-pieces.ts';
import { readInventory, servicesOf, type Inventory } from './inventory.ts';
import { isReady } from './pod-state.ts';
import { judgeRollout } from './rollout-state.ts';
import { describePort } from './template-ports.ts';
import { templateOf, wantedReplicas, type Workload } from './workload.ts';

/**
 * Lists what can be intercepted. Who intercepts it is known to the agents only, and left empty here.
 * @throws {NAMESPACE_NOT_FOUND, KUBE_FORBIDDEN} and other KUBE_*
 */
export async function listWorkloads(
  kube: Pick<KubeClient, 'list' | 'find'>,
  { namespace, signal }: { namespace: string; signal: AbortSignal },
): Promise<WorkloadSummary[]> {
  const inventory = await readInventory(kube, namespace, { signal });
  return inventory.workloads.map((workload) => summarize(inventory, workload));
}

function summarize(inventory: Inventory, workload: Workload): WorkloadSummary {
  return {
    workload: workload.label,
    replicas: { ready: readyReplicas(workload), wanted: wantedReplicas(workload) },
    services: servicesOf(inventory, workload).map(({ metadata, spec }) => ({
      name: metadata?.name ?? '',
      ports: (spec?.ports ?? []).map(({ port, protocol, name }) => describePort(port, protocol, name)),
    })),
    agent: agentState(inventory, workload),
    interceptedBy: [],
  };
}

/** As the controller counts them. */
export function readyReplicas(workload: Workload): number {
  switch (workload.kind) {
    case 'Pod':
      return isReady(workload.object) ? 1 : 0;
    case 'DaemonSet':
      return workload.object.status?.numberReady ?? 0;
    default:
      return workload.object.status?.readyReplicas ?? 0;
  }
}

function agentState(inventory: Inventory, workload: Workload): WorkloadSummary['agent'] {
  if (findAgentContainer(templateOf(workload)) === undefined) return 'none';
  const { replicaSets, pods, hidden } = inventory;
  // Without a look at the pods the controller's counters have to do.
  if (hidden.includes('pods') || (workload.kind === 'Deployment' && hidden.includes('replicasets')))
    return readyReplicas(workload) === wantedReplicas(workload) ? 'ready' : 'rolling';
  const state = judgeRollout({ workload, replicaSets, pods, events: [] }, { kind: 'agent', ports: [] });
  return state.kind === 'done' ? 'ready' : 'rolling';
}
