/** Asks the agents of a namespace who intercepts what: each knows its own sessions, nobody else does. */
import type { Claim, WorkloadSummary } from '../contract/index.ts';
import { describeError, type Logger } from '../core/index.ts';
import { paths, type KubeClient, type V1Pod } from '../kube/index.ts';
import type { AgentConnector } from './agent-connector.ts';
import { askAgents } from './ask-agents.ts';
import { agentConfigOf, isAgentReady } from './agent-pods.ts';

export interface HoldersOptions {
  kube: KubeClient;
  connector: AgentConnector;
  logger: Logger;
  signal: AbortSignal;
}

/** Fills in `interceptedBy`; stays empty for what the user's rights do not reach. */
export async function addHolders(
  summaries: readonly WorkloadSummary[],
  options: HoldersOptions,
): Promise<WorkloadSummary[]> {
  if (summaries.every(({ agent }) => agent === 'none')) return [...summaries];
  const pods = await onePodEach(options);
  const answers = await askAgents([...pods.values()], options);
  return summaries.map((summary) => ({
    ...summary,
    interceptedBy: groupByHolder(answers.get(pods.get(summary.workload) ?? '')?.claims ?? []),
  }));
}

/** The claims on one workload, in its agent's order; none while it has no agent, or for what the user's rights do not reach. */
export async function claimsOn(workload: string, options: HoldersOptions): Promise<Claim[]> {
  const pod = (await onePodEach(options)).get(workload);
  if (pod === undefined) return [];
  return (await askAgents([pod], options)).get(pod)?.claims ?? [];
}

/** One ready agent for each workload. */
async function onePodEach({ kube, logger, signal }: HoldersOptions): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  try {
    const { items } = await kube.list<V1Pod>(paths.pods(kube.namespace), { signal });
    for (const pod of items.filter(isAgentReady)) {
      const workload = agentConfigOf(pod)?.workload;
      if (workload !== undefined) found.set(workload, pod.metadata?.name ?? '');
    }
  } catch (error) {
    logger.info('cannot list agents', { reason: describeError(error) });
  }
  return found;
}

/** One entry for each intercept, in the agent's order: the first whose rule matches gets the request. */
function groupByHolder(claims: readonly Claim[]): WorkloadSummary['interceptedBy'] {
  const groups = new Map<string, WorkloadSummary['interceptedBy'][number]>();
  for (const { interceptId, holder, appPort, protocol, rule } of claims) {
    const port = protocol === 'TCP' ? String(appPort) : `${String(appPort)}/${protocol}`;
    const group = groups.get(interceptId) ?? { holder, ports: [], rule };
    groups.set(interceptId, { ...group, ports: [...group.ports, port] });
  }
  return [...groups.values()];
}
