/** Waits until Services lead where they should. kube-proxy follows Endpoints within about a second. */
import type { Progress } from '../contract/index.ts';
import type { Clock } from '../core/index.ts';
import {
  paths,
  type KubeClient,
  type KubernetesObject,
  type V1Endpoints,
  type V1Pod,
  type V1ReplicaSet,
} from '../kube/index.ts';
import type { Deadline } from './deadline.ts';
import { findStaleLead, type ExpectedLead } from './endpoints.ts';
import { observe, type Source } from './observe.ts';
import { isActive, isReady } from './pod-state.ts';
import { ownPods } from './rollout-state.ts';
import { podsOf, type Workload } from './workload.ts';

export interface AwaitLeadsOptions {
  workload: Workload;
  leads: readonly ExpectedLead[];
  /** Tells pods to which Services may lead from those that are to be left. */
  isCurrent: (pod: V1Pod) => boolean;
  deadline: Deadline;
  clock: Clock;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/** Returns undefined when all `leads` are as expected, else at the deadline what is missing. */
export async function awaitLeads(
  kube: Pick<KubeClient, 'follow'>,
  { workload, leads, isCurrent, deadline, clock, signal, onProgress }: AwaitLeadsOptions,
): Promise<string | undefined> {
  if (leads.length === 0) return undefined;
  const { namespace, kind, label } = workload;
  const services = [...new Set(leads.map(({ service }) => service))];
  const sources: Record<string, Source | undefined> = {
    pods: { path: paths.pods(namespace), ...podsOf(workload) },
    replicaSets:
      kind === 'Deployment' ? { path: paths.replicaSets(namespace), ...podsOf(workload) } : undefined,
    ...Object.fromEntries(
      services.map((name) => [
        endpointsKey(name),
        { path: paths.endpoints(namespace), fieldSelector: `metadata.name=${name}` },
      ]),
    ),
  };
  let reported = '';
  const outcome = await observe<Record<string, KubernetesObject>, { missing: string | undefined }>(
    kube,
    sources,
    {
      clock,
      signal,
      decide: (seen) => {
        const pods = (seen['pods'] ?? []) as V1Pod[];
        const replicaSets: V1ReplicaSet[] = seen['replicaSets'] ?? [];
        const own = ownPods(workload, replicaSets, pods);
        const current = own.filter((pod) => isActive(pod) && isReady(pod) && isCurrent(pod));
        const stale = leads.map((lead) => {
          const [endpoints]: V1Endpoints[] = seen[endpointsKey(lead.service)] ?? [];
          return findStaleLead(endpoints, lead, { own, current });
        });
        const missing = stale.find((text) => text !== undefined);
        if (missing === undefined || deadline.isOver()) return { missing };
        if (missing !== reported)
          onProgress({ step: `rollout ${label}`, message: `${missing} (${deadline.elapsedSeconds()} s)` });
        reported = missing;
        return undefined;
      },
    },
  );
  return outcome.missing;
}

function endpointsKey(service: string): string {
  return `endpoints/${service}`;
}
