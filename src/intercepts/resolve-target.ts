/** Finds the workload that a name means, and the Services through which it is called. */
import { raise } from '../errors/index.ts';
import type { KubeClient, V1Service } from '../kube/index.ts';
import {
  foreignOwners,
  othersBehind,
  readInventory,
  rootOwner,
  servicesOf,
  workloadsOf,
  type Inventory,
} from './inventory.ts';
import { findSimilar, parseTargetName, type TargetName } from './target-name.ts';
import { wantedReplicas, workloadKinds, type Workload } from './workload.ts';

/** A Service that sends to the pods of a workload. */
export interface SelectingService {
  service: V1Service;
  /** Other workloads to which it sends as well, as `deploy/web-canary`. */
  others: string[];
}

export interface Target {
  /** What was named, in full: `svc/web`, `deploy/web`. */
  label: string;
  workload: Workload;
  /** The Service that was named; undefined when the workload was. */
  service?: V1Service;
  /** Every Service that sends to the workload. */
  services: SelectingService[];
}

/**
 * Reads the namespace and finds what `name` means in it.
 * @throws {TARGET_NOT_FOUND, TARGET_AMBIGUOUS, TARGET_WITHOUT_WORKLOAD, TARGET_UNSUPPORTED, NAMESPACE_NOT_FOUND,
 *   USAGE_INVALID_OPTION, KUBE_FORBIDDEN}
 */
export async function resolveTarget(
  kube: Pick<KubeClient, 'list' | 'find'>,
  { namespace, name, signal }: { namespace: string; name: string; signal: AbortSignal },
): Promise<Target> {
  const parsed = parseTargetName(name);
  const inventory = await readInventory(kube, namespace, { signal });
  return findTarget(inventory, parsed);
}

/** Like {@link resolveTarget}, of what was read before. */
export function findTarget(inventory: Inventory, { kind, name }: TargetName): Target {
  const service = inventory.services.find(({ metadata }) => metadata?.name === name);
  const workloads = inventory.workloads.filter(
    (workload) => workload.name === name && (kind === undefined || workload.kind === kind),
  );
  const [workload, ...more] = kind === 'Service' ? [] : workloads;
  if (service === undefined || (kind !== undefined && kind !== 'Service')) {
    if (workload === undefined) return failToFind(inventory, { kind, name });
    if (more.length > 0) raise('TARGET_AMBIGUOUS', { name, choices: workloads.map(({ label }) => label) });
    return toTarget(inventory, workload.label, workload);
  }
  const behind = workload === undefined ? undefined : workloadsOf(inventory, service);
  // A Service and its only workload usually share their name, and mean the same.
  const isSame = behind?.length === 1 && behind[0] === workload && more.length === 0;
  if (workload !== undefined && !isSame)
    raise('TARGET_AMBIGUOUS', { name, choices: [`svc/${name}`, ...workloads.map(({ label }) => label)] });
  return { ...toTarget(inventory, `svc/${name}`, onlyWorkload(inventory, service)), service };
}

function toTarget(inventory: Inventory, label: string, workload: Workload): Target {
  const services = servicesOf(inventory, workload).map((service) => ({
    service,
    others: othersBehind(inventory, service, workload),
  }));
  return { label, workload, services };
}

/** @throws {TARGET_WITHOUT_WORKLOAD, TARGET_AMBIGUOUS} */
function onlyWorkload(inventory: Inventory, service: V1Service): Workload {
  const name = service.metadata?.name ?? '';
  const workloads = workloadsOf(inventory, service);
  // Blue and green behind one Service: the one that is scaled to nothing is not meant.
  const running = workloads.filter((workload) => wantedReplicas(workload) > 0);
  const [workload, ...more] = running.length === 1 ? running : workloads;
  if (workload === undefined)
    raise('TARGET_WITHOUT_WORKLOAD', { service: name, reason: whyNoWorkload(inventory, service) });
  if (more.length > 0)
    raise('TARGET_AMBIGUOUS', { name: `svc/${name}`, choices: workloads.map(({ label }) => label) });
  return workload;
}

function whyNoWorkload(inventory: Inventory, service: V1Service): string {
  const { type, externalName = '', selector = {} } = service.spec ?? {};
  if (type === 'ExternalName') return `it is another name for ${externalName}`;
  const labels = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
  if (labels.length === 0) return 'it has no selector, so somebody else says where it leads';
  const owners = foreignOwners(inventory, service);
  if (owners.length > 0) return `its pods belong to ${owners.join(', ')}, which tp cannot change`;
  return `no workload has the labels of its selector, ${labels.join(',')}${describeHidden(inventory)}`;
}

function describeHidden({ hidden }: Inventory): string {
  return hidden.length === 0 ? '' : ` (without ${hidden.join(', ')}, which you may not list)`;
}

function failToFind(inventory: Inventory, { kind, name }: TargetName): never {
  const owned = kind === 'Pod' ? inventory.pods : kind === 'ReplicaSet' ? inventory.replicaSets : [];
  const owner = rootOwner(inventory, owned.find(({ metadata }) => metadata?.name === name)?.metadata);
  if (kind !== undefined && kind !== 'Service' && owner !== undefined)
    raise('TARGET_UNSUPPORTED', {
      target: `${workloadKinds[kind].short}/${name}`,
      reason: `it belongs to ${owner}; intercept that instead`,
    });
  const labels = [
    ...inventory.services.map(({ metadata }) => `svc/${metadata?.name ?? ''}`),
    ...inventory.workloads.map(({ label }) => label),
  ];
  raise('TARGET_NOT_FOUND', {
    name,
    namespace: inventory.namespace,
    similar: findSimilar(name, labels),
    hidden: inventory.hidden,
  });
}
