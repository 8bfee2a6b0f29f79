/** The logs of a workload's agents, for `tp logs NAME`. */
import { createInterface } from 'node:readline';
import { AGENT_CONTAINER, GATEWAY, type AgentLogLine, type AgentLogsResult } from '../contract/index.ts';
import { createDeferred } from '../core/index.ts';
import { createError, isToolError } from '../errors/index.ts';
import { podsOf, resolveTarget, type PodSelection } from '../intercepts/index.ts';
import { paths, type KubeClient, type V1Pod } from '../kube/index.ts';

/** Pods whose logs are read, the newest ones first; a person reads a few. */
const MAXIMUM_PODS = 20;

export interface AgentLogsOptions {
  /** A Service, a workload, or the gateway's own name. */
  name: string;
  /** Of each pod. */
  tailLines: number;
  signal: AbortSignal;
}

/** @throws what resolving the name throws · {AGENT_UNREACHABLE} when no pod has an agent */
export async function readAgentLogs(
  kube: KubeClient,
  { name, tailLines, signal }: AgentLogsOptions,
): Promise<AgentLogsResult> {
  const { namespace } = kube;
  const pods = await listAgents(kube, name, await selectionOf(kube, name, signal), signal);
  const logs = await Promise.all(
    pods.map(async ({ metadata }) => {
      const pod = metadata?.name ?? '';
      const query = { container: AGENT_CONTAINER, tailLines };
      return {
        pod,
        text: await kube.getText(paths.podSubresource(namespace, pod, 'log'), { query, signal }),
      };
    }),
  );
  return { logs };
}

/**
 * Hands every line to `onLine`: the last ones of the agents that are there, then what they and their successors add. Ends
 * when `signal` aborts, without an error.
 * @throws as {@link readAgentLogs}; what the API server refuses later
 */
export async function followAgentLogs(
  kube: KubeClient,
  { name, tailLines, signal, onLine }: AgentLogsOptions & { onLine: (line: AgentLogLine) => Promise<void> },
): Promise<void> {
  const selection = await selectionOf(kube, name, signal);
  const known = new Set(
    (await listAgents(kube, name, selection, signal)).map(({ metadata }) => metadata?.name),
  );
  const followed = new Set<string>();
  const failed = createDeferred<never>();

  async function followOne(pod: string, runId: string): Promise<void> {
    const query = { container: AGENT_CONTAINER, follow: true, ...(known.has(pod) && { tailLines }) };
    try {
      const log = await kube.streamText(paths.podSubresource(kube.namespace, pod, 'log'), { query, signal });
      for await (const line of createInterface({ input: log })) await onLine({ pod, line });
    } finally {
      followed.delete(runId);
    }
  }
  function onChange(items: ReadonlyMap<string, V1Pod>): void {
    for (const [pod, object] of items) {
      const runId = runningAgent(object);
      if (runId === undefined || followed.has(runId) || followed.size >= MAXIMUM_PODS) continue;
      followed.add(runId);
      followOne(pod, runId).catch((error: unknown) => {
        // The pod may have gone since, and a log that breaks off is nothing to a log that goes on.
        if (isToolError(error, 'KUBE_FORBIDDEN')) failed.reject(error);
      });
    }
  }
  await Promise.race([
    kube.follow<V1Pod>(paths.pods(kube.namespace), { ...selection, signal, onChange }),
    failed.promise,
  ]);
}

/** @throws {AGENT_UNREACHABLE} when there is none */
async function listAgents(
  kube: KubeClient,
  name: string,
  selection: PodSelection,
  signal: AbortSignal,
): Promise<V1Pod[]> {
  const { items } = await kube.list<V1Pod>(paths.pods(kube.namespace), { ...selection, signal });
  const pods = items.filter(hasAgent).slice(0, MAXIMUM_PODS);
  if (pods.length === 0)
    throw createError('AGENT_UNREACHABLE', { pod: name, reason: 'no pod of it has one' });
  return pods;
}

/** The container id of this run of the agent. */
function runningAgent({ status }: V1Pod): string | undefined {
  const agent = status?.containerStatuses?.find(({ name }) => name === AGENT_CONTAINER);
  return agent?.state?.running === undefined ? undefined : agent.containerID;
}

async function selectionOf(kube: KubeClient, name: string, signal: AbortSignal): Promise<PodSelection> {
  if (name === GATEWAY) return { fieldSelector: `metadata.name=${GATEWAY}` };
  const { workload } = await resolveTarget(kube, { namespace: kube.namespace, name, signal });
  return podsOf(workload);
}

function hasAgent(pod: V1Pod): boolean {
  return pod.spec?.containers.some(({ name }) => name === AGENT_CONTAINER) ?? false;
}
