/** What the pod template tells the agent, read from its environment. */
import {
  AGENT_CONFIG_VARIABLE,
  agentConfigSchema,
  agentVariables,
  validate,
  type AgentConfig,
} from '../src/contract/index.ts';
import { createError } from '../src/errors/index.ts';

export interface AgentSettings {
  config: AgentConfig;
  podName: string;
  namespace: string;
  podIp: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws {USAGE_INVALID} when the agent was not started by an injected template */
export function readSettings(environment: Environment): AgentSettings {
  const text = environment[AGENT_CONFIG_VARIABLE];
  if (text === undefined)
    throw createError('USAGE_INVALID', { reason: `${AGENT_CONFIG_VARIABLE} is not set` });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw createError('USAGE_INVALID', { reason: `${AGENT_CONFIG_VARIABLE} is not JSON` }, { cause });
  }
  const config = validate(agentConfigSchema, value, (reason) =>
    createError('USAGE_INVALID', { reason: `${AGENT_CONFIG_VARIABLE}: ${reason}` }),
  );
  return {
    config,
    podName: environment[agentVariables.podName] ?? '',
    namespace: environment[agentVariables.namespace] ?? '',
    podIp: environment[agentVariables.podIp] ?? '',
  };
}
