/**
 * The environment of the application's containers, once more in the agent's container under a prefix for each of them.
 * The kubelet then resolves ConfigMaps, Secrets and the downward API for the agent as it does for the application, and
 * the agent can tell the laptop the result without a right to read any of them. `restoreReferences` of the contract is
 * the agent's half of it.
 */
import type { MirroredContainer } from '../contract/index.ts';
import type { V1Container } from '../kube/index.ts';

type EnvVar = NonNullable<V1Container['env']>[number];
type EnvFromSource = NonNullable<V1Container['envFrom']>[number];

export interface MirroredEnvironment {
  containers: MirroredContainer[];
  env: EnvVar[];
  envFrom: EnvFromSource[];
}

/** Makes the entries for all of `containers`, in their order. */
export function mirrorEnvironment(containers: readonly V1Container[]): MirroredEnvironment {
  const mirrored: MirroredEnvironment = { containers: [], env: [], envFrom: [] };
  for (const [index, container] of containers.entries()) {
    // The end of the prefix keeps that of container 1 from being the beginning of that of container 10.
    const environmentPrefix = `TP_ENV_${index}_`;
    mirrored.containers.push({ name: container.name, environmentPrefix });
    mirrored.env.push(...mirrorVariables(container, environmentPrefix));
    for (const source of container.envFrom ?? [])
      mirrored.envFrom.push({ ...source, prefix: `${environmentPrefix}${source.prefix ?? ''}` });
  }
  return mirrored;
}

function mirrorVariables(container: V1Container, prefix: string): EnvVar[] {
  const known = new Set<string>();
  const hasSources = (container.envFrom ?? []).length > 0;
  // Only ConfigMaps and Secrets can define what the list does not; without them an unknown name is a service link,
  // which has no prefix, or undefined, which stays as it is.
  const isMirrored = (name: string): boolean => hasSources || known.has(name);
  return (container.env ?? []).map((variable) => {
    const copy: EnvVar = { ...variable, name: `${prefix}${variable.name}` };
    if (variable.value !== undefined)
      copy.value = prefixReferences(variable.value, (name) => (isMirrored(name) ? prefix : ''));
    const field = variable.valueFrom?.resourceFieldRef;
    if (field !== undefined)
      copy.valueFrom = {
        ...variable.valueFrom,
        resourceFieldRef: { ...field, containerName: field.containerName ?? container.name },
      };
    known.add(variable.name);
    return copy;
  });
}

/**
 * Puts a prefix before the name in each `$(NAME)`; `$$` is an escaped `$` and stays one.
 * @see https://github.com/kubernetes/kubernetes/blob/v1.20.2/third_party/forked/golang/expansion/expand.go
 */
function prefixReferences(value: string, prefixOf: (name: string) => string): string {
  return value.replaceAll(/\$\$|\$\(([^)]*)\)/g, (match, name: string | undefined) =>
    name === undefined ? match : `$(${prefixOf(name)}${name})`,
  );
}
