/** A container's environment, from all sources a pod can name. Pure. */
import type { V1ConfigMap, V1Container, V1Pod, V1Secret, V1Service } from '../../../kube/index.ts';
import { ConfigError } from './config-error.ts';
import { readPodField, readResourceField } from './pod-fields.ts';

export interface EnvironmentSources {
  pod: V1Pod;
  podAddress: string;
  hostname: string;
  imageEnv: Readonly<Record<string, string>>;
  /** The Services of the pod's namespace, and `kubernetes` of `default`. */
  services: readonly V1Service[];
  configMap(name: string): V1ConfigMap | undefined;
  secret(name: string): V1Secret | undefined;
}

type EnvContainer = Pick<V1Container, 'name' | 'env' | 'envFrom' | 'resources'>;

/** @throws {ConfigError} in the kubelet's words when something that is not optional is missing. */
export function buildEnvironment(container: EnvContainer, sources: EnvironmentSources): Map<string, string> {
  const result = new Map<string, string>([
    ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    ['HOSTNAME', sources.hostname],
    ['HOME', '/root'],
  ]);
  for (const [name, value] of Object.entries(sources.imageEnv)) result.set(name, value);
  const services = serviceVariables(sources);
  for (const [name, value] of services) result.set(name, value);
  for (const source of container.envFrom ?? []) {
    for (const [key, value] of readSource(source, sources)) result.set(`${source.prefix ?? ''}${key}`, value);
  }
  for (const variable of container.env ?? []) {
    const value = readVariable(variable, container, sources, result);
    if (value !== undefined) result.set(variable.name, value);
  }
  return result;
}

type EnvFrom = NonNullable<EnvContainer['envFrom']>[number];
type Variable = NonNullable<EnvContainer['env']>[number];

function readSource({ configMapRef, secretRef }: EnvFrom, sources: EnvironmentSources): [string, string][] {
  if (configMapRef !== undefined) {
    const found = sources.configMap(configMapRef.name ?? '');
    if (found === undefined && configMapRef.optional !== true) throw missing('configmap', configMapRef.name);
    return Object.entries(found?.data ?? {});
  }
  if (secretRef !== undefined) {
    const found = sources.secret(secretRef.name ?? '');
    if (found === undefined && secretRef.optional !== true) throw missing('secret', secretRef.name);
    return Object.entries(found?.data ?? {}).map(([key, value]) => [key, decodeBase64(value)]);
  }
  return [];
}

function readVariable(
  { value = '', valueFrom }: Variable,
  container: EnvContainer,
  sources: EnvironmentSources,
  before: ReadonlyMap<string, string>,
): string | undefined {
  if (valueFrom === undefined) return expand(value, before);
  const { configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef } = valueFrom;
  const namespace = sources.pod.metadata?.namespace ?? '';
  if (configMapKeyRef !== undefined) {
    const { name = '', key, optional = false } = configMapKeyRef;
    const found = sources.configMap(name);
    if (found === undefined && !optional) throw missing('configmap', name);
    const text = found?.data?.[key];
    if (text === undefined && !optional)
      throw new ConfigError(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
    return text;
  }
  if (secretKeyRef !== undefined) {
    const { name = '', key, optional = false } = secretKeyRef;
    const found = sources.secret(name);
    if (found === undefined && !optional) throw missing('secret', name);
    const text = found?.data?.[key];
    if (text === undefined && !optional)
      throw new ConfigError(`couldn't find key ${key} in Secret ${namespace}/${name}`);
    return text === undefined ? undefined : decodeBase64(text);
  }
  if (fieldRef !== undefined) return readPodField(sources.pod, fieldRef.fieldPath, sources.podAddress);
  if (resourceFieldRef !== undefined) return readResourceField(sources.pod, container, resourceFieldRef);
  return '';
}

function missing(kind: string, name = ''): ConfigError {
  return new ConfigError(`${kind} "${name}" not found`);
}

function decodeBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

/** Replaces `$(NAME)` by what is known; `$$` is a dollar sign, and what is not known stays as it is. */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, kind: string, name: string | undefined) =>
    kind === '$' ? '$' : (variables.get(name ?? '') ?? whole),
  );
}

/** The variables of Docker links, which Kubernetes sets for each Service that was there before the pod. */
function serviceVariables({ services, pod }: EnvironmentSources): Map<string, string> {
  const variables = new Map<string, string>();
  const areAllWanted = pod.spec?.enableServiceLinks !== false;
  for (const { metadata, spec } of services) {
    const isApiServer = metadata?.name === 'kubernetes' && metadata.namespace === 'default';
    const address = spec?.clusterIP;
    if (address === undefined || address === '' || address === 'None') continue;
    if (!areAllWanted && !isApiServer) continue;
    const prefix = (metadata?.name ?? '').toUpperCase().replaceAll('-', '_');
    const ports = spec?.ports ?? [];
    variables.set(`${prefix}_SERVICE_HOST`, address);
    for (const [index, { name, port, protocol = 'TCP' }] of ports.entries()) {
      const lower = protocol.toLowerCase();
      const url = `${lower}://${address}:${port}`;
      if (index === 0) {
        variables.set(`${prefix}_SERVICE_PORT`, String(port));
        variables.set(`${prefix}_PORT`, url);
      }
      if (name !== undefined && name !== '')
        variables.set(`${prefix}_SERVICE_PORT_${name.toUpperCase().replaceAll('-', '_')}`, String(port));
      const link = `${prefix}_PORT_${port}_${protocol}`;
      variables.set(link, url);
      variables.set(`${link}_PROTO`, lower);
      variables.set(`${link}_PORT`, String(port));
      variables.set(`${link}_ADDR`, address);
    }
  }
  return variables;
}
