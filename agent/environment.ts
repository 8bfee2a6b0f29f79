/**
 * The environment of the application's containers. The kubelet resolved it into the agent's own, under a prefix for each
 * container (ConfigMaps, Secrets and downward values included), so no further right is needed to know it.
 */
import {
  AGENT_CONFIG_VARIABLE,
  agentVariables,
  restoreReferences,
  type AgentConfig,
} from '../src/contract/index.ts';
import { raise } from '../src/errors/index.ts';

/** Variables of the agent's image, not of the pod. */
const IMAGE_VARIABLES = new Set([
  'PATH',
  'HOME',
  'PWD',
  'SHLVL',
  'NODE_ENV',
  'NODE_VERSION',
  'YARN_VERSION',
  '_',
]);

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns the variables of `container`: its own ones, and what Kubernetes gives to each container of the pod (service
 * links, HOSTNAME). Variables that only the application's image sets are not known here.
 * @throws {CONTAINER_NOT_FOUND}
 */
export function environmentOf(
  container: string,
  config: AgentConfig,
  environment: Environment,
): Record<string, string> {
  const mirrored = config.containers.find(({ name }) => name === container);
  if (mirrored === undefined)
    raise('CONTAINER_NOT_FOUND', {
      container,
      target: config.workload,
      known: config.containers.map(({ name }) => name),
    });
  const prefixes = config.containers.map(({ environmentPrefix }) => environmentPrefix);
  const own = new Set<string>([AGENT_CONFIG_VARIABLE, ...Object.values(agentVariables), ...IMAGE_VARIABLES]);
  const shared: Record<string, string> = {};
  const explicit: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    if (name.startsWith(mirrored.environmentPrefix))
      explicit[name.slice(mirrored.environmentPrefix.length)] = value;
    else if (!own.has(name) && !prefixes.some((prefix) => name.startsWith(prefix))) shared[name] = value;
  }
  // A reference to what no ConfigMap had is left with the prefix: it means a service link, or nothing.
  for (const [name, value] of Object.entries(explicit))
    explicit[name] = restoreReferences(value, mirrored.environmentPrefix, shared);
  return { ...shared, ...explicit };
}
