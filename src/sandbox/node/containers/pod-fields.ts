/** What the downward API tells a container of its pod. Pure. */
import { cpus, totalmem } from 'node:os';
import type { V1Container, V1Pod } from '../../../kube/index.ts';
import { NODE_ADDRESS } from '../network/addresses.ts';
import { NODE_NAME } from '../node-name.ts';
import { ConfigError } from './config-error.ts';

/** `fieldRef.fieldPath`. @throws {ConfigError} for paths that are none. */
export function readPodField({ metadata, spec }: V1Pod, path: string, podAddress: string): string {
  const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (subscript !== null) {
    const [, kind, key = ''] = subscript;
    return (kind === 'labels' ? metadata?.labels : metadata?.annotations)?.[key] ?? '';
  }
  switch (path) {
    case 'metadata.name':
      return metadata?.name ?? '';
    case 'metadata.namespace':
      return metadata?.namespace ?? '';
    case 'metadata.uid':
      return metadata?.uid ?? '';
    case 'metadata.labels':
      return formatMap(metadata?.labels);
    case 'metadata.annotations':
      return formatMap(metadata?.annotations);
    case 'spec.nodeName':
      return spec?.nodeName ?? NODE_NAME;
    case 'spec.serviceAccountName':
      return spec?.serviceAccountName ?? '';
    case 'status.podIP':
    case 'status.podIPs':
      return podAddress;
    case 'status.hostIP':
    case 'status.hostIPs':
      return NODE_ADDRESS;
    default:
      throw new ConfigError(`unsupported fieldPath: ${path}`);
  }
}

function formatMap(map: Readonly<Record<string, string>> = {}): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
}

interface ResourceField {
  containerName?: string;
  resource: string;
  divisor?: string | number;
}

/** `resourceFieldRef`: what is not limited is the whole machine, as on any node. Rounded up to the divisor. */
export function readResourceField(
  pod: V1Pod,
  container: Pick<V1Container, 'resources'>,
  { containerName, resource, divisor }: ResourceField,
): string {
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const of =
    containerName === undefined || containerName === ''
      ? container
      : all.find(({ name }) => name === containerName);
  const [kind, ...names] = resource.split('.');
  const name = names.join('.');
  const { limits, requests } = of?.resources ?? {};
  const machine: Record<string, number> = { cpu: cpus().length, memory: totalmem() };
  const text = kind === 'requests' ? (requests?.[name] ?? '0') : limits?.[name];
  const amount = text === undefined ? (machine[name] ?? 0) : parseQuantity(text);
  const unit =
    divisor === undefined || parseQuantity(String(divisor)) === 0 ? 1 : parseQuantity(String(divisor));
  return String(Math.ceil(amount / unit));
}

const suffixes: Readonly<Record<string, number>> = {
  '': 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A Kubernetes quantity as a number; the API server has validated it. */
export function parseQuantity(text: string): number {
  const [, digits = '0', suffix = ''] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([A-Za-z]*)$/.exec(text) ?? [];
  return Number(digits) * (suffixes[suffix] ?? 1);
}
