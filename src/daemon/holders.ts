/** Asks the agents of a namespace who intercepts what: each knows its own sessions, nobody else does. */
import type { Claim, WorkloadSummary } from '../contract/index.ts';
import { describeError, type Logger } from '../core/index.ts';
import { paths, type KubeClient, type V1Pod } from '../kube/index.ts';
import type { AgentConnector } from './agent-connector.ts';
import { agentConfigOf, isAgentReady } from './agent-pods.ts';

/** Agents asked at the same time; each costs a port-forward. */
const CONCURRENCY = 8;
/** An agent that does not answer within this is left out: a list must come. */
const TIMEOUT_MS = 3000;

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
  const claims = new Map<string, Claim[]>();
  const waiting = [...(await onePodEach(options))];
  const ask = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [workload, pod] = next;
      claims.set(workload, await claimsIn(pod, options));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, ask));
  return summaries.map((summary) => ({
    ...summary,
    interceptedBy: groupByHolder(claims.get(summary.workload) ?? []),
  }));
}

/** The claims on one workload, in its agent's order; none while it has no agent, or for what the user's rights do not reach. */
export async function claimsOn(workload: string, options: HoldersOptions): Promise<Claim[]> {
  const pod = (await onePodEach(options)).get(workload);
  return pod === undefined ? [] : claimsIn(pod, options);
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

async function claimsIn(pod: string, { connector, logger, signal }: HoldersOptions): Promise<Claim[]> {
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const tunnel = await connector.connect(pod, { signal: limited });
    try {
      return (await tunnel.request({ kind: 'claims' })).claims;
    } finally {
      await tunnel.close();
    }
  } catch (error) {
    logger.info('agent not asked', { pod, reason: describeError(error) });
    return [];
  }
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
