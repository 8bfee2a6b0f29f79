/** Finds out who uses the agents and the gateway of a namespace at this moment. */
import { AGENT_SECRET, AUTHORITY_SECRET, type Claim } from '../contract/index.ts';
import { paths, type KubeClient, type V1Pod } from '../kube/index.ts';
import { agentConfigOf, isAgentReady } from './agent-pods.ts';
import { askAgents, type AgentUse, type AskOptions } from './ask-agents.ts';

/** Users of what cannot be asked: it may be in use, so it counts as used. */
export const UNKNOWN_USER = 'unknown: its agent does not answer';
/** A session without an intercept has no name. */
export const NAMELESS_USER = 'somebody connected';

/**
 * @returns for each workload (and `pod/tp-gateway`) with a running agent that is used: by whom
 * @throws KUBE_*
 */
export async function findUse({
  kube,
  ...options
}: AskOptions & { kube: KubeClient }): Promise<Map<string, string[]>> {
  const { namespace } = kube;
  const { items } = await kube.list<V1Pod>(paths.pods(namespace), { signal: options.signal });
  const running = items.filter(isAgentReady).map((pod) => ({
    pod: pod.metadata?.name ?? '',
    workload: agentConfigOf(pod)?.workload ?? `pod/${pod.metadata?.name ?? ''}`,
  }));
  if (running.length === 0) return new Map();
  // Without certificates nobody can ask, and asking would make new ones: looking changes nothing.
  const secrets = await Promise.all(
    [AUTHORITY_SECRET, AGENT_SECRET].map((name) =>
      kube.find(paths.secrets(namespace, name), { signal: options.signal }),
    ),
  );
  const canAsk = secrets.every((secret) => secret !== undefined);
  const answers = canAsk
    ? await askAgents(
        running.map(({ pod }) => pod),
        options,
      )
    : new Map<string, AgentUse>();
  const use = new Map<string, Set<string>>();
  for (const { pod, workload } of running)
    for (const user of usersOf(answers.get(pod)))
      use.set(workload, (use.get(workload) ?? new Set()).add(user));
  return new Map([...use].map(([workload, users]) => [workload, [...users].sort()]));
}

function usersOf(answer: AgentUse | undefined): string[] {
  if (answer === undefined) return [UNKNOWN_USER];
  const holders = answer.claims.map(({ holder }: Claim) => holder);
  // The asking session is one of them.
  return holders.length > 0 ? holders : answer.sessions > 1 ? [NAMELESS_USER] : [];
}
