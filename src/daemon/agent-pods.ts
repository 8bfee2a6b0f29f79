/** Which pods have an agent that can be reached, and what it was told. */
import {
  AGENT_CONFIG_VARIABLE,
  AGENT_CONTAINER,
  agentConfigSchema,
  validate,
  type AgentConfig,
} from '../contract/index.ts';
import { createError } from '../errors/index.ts';
import type { V1Pod } from '../kube/index.ts';

/** The agent's container runs and is ready, and the pod is not on its way out. */
export function isAgentReady(pod: V1Pod): boolean {
  if (pod.metadata?.deletionTimestamp !== undefined) return false;
  return pod.status?.containerStatuses?.some(({ name, ready }) => name === AGENT_CONTAINER && ready) ?? false;
}

/** The pod has ended for good. While it only terminates, its agent still serves. */
export function isGone(pod: V1Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** The agent's configuration as it stands in the pod; undefined when this version cannot read it. */
export function agentConfigOf(pod: V1Pod): AgentConfig | undefined {
  const agent = pod.spec?.containers.find(({ name }) => name === AGENT_CONTAINER);
  const text = agent?.env?.find(({ name }) => name === AGENT_CONFIG_VARIABLE)?.value;
  if (text === undefined) return undefined;
  try {
    return validate(agentConfigSchema, JSON.parse(text), (reason) => createError('INTERNAL', { reason }));
  } catch {
    return undefined;
  }
}
