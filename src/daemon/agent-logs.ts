/** The logs of a workload's agents, for `tp logs NAME`. */
import { AGENT_CONTAINER, GATEWAY, type AgentLogsResult } from '../contract/index.ts';
import { createError } from '../errors/index.ts';
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
  const { items } = await kube.list<V1Pod>(paths.pods(namespace), {
    ...(await selectionOf(kube, name, signal)),
    signal,
  });
  const pods = items.filter(hasAgent).slice(0, MAXIMUM_PODS);
  if (pods.length === 0)
    throw createError('AGENT_UNREACHABLE', { pod: name, reason: 'no pod of it has one' });
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

async function selectionOf(kube: KubeClient, name: string, signal: AbortSignal): Promise<PodSelection> {
  if (name === GATEWAY) return { fieldSelector: `metadata.name=${GATEWAY}` };
  const { workload } = await resolveTarget(kube, { namespace: kube.namespace, name, signal });
  return podsOf(workload);
}

function hasAgent(pod: V1Pod): boolean {
  return pod.spec?.containers.some(({ name }) => name === AGENT_CONTAINER) ?? false;
}
