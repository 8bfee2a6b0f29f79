/** Everything in a namespace that an intercept could be about, read with one list request for each kind. */
import { GATEWAY } from '../contract/index.ts';
import { isToolError, raise } from '../errors/index.ts';
import {
  paths,
  type KubeClient,
  type V1ObjectMeta,
  type V1Pod,
  type V1ReplicaSet,
  type V1Service,
} from '../kube/index.ts';
import { deriveSignal } from './derived-signal.ts';
import {
  controllerOf,
  selects,
  templateOf,
  toWorkload,
  wantedReplicas,
  workloadKindNames,
  workloadKinds,
  type Workload,
  type WorkloadKind,
  type WorkloadObject,
} from './workload.ts';

export interface Inventory {
  namespace: string;
  services: V1Service[];
  /** Those that can be intercepted: what another object made (a Deployment's ReplicaSet) is not among them. */
  workloads: Workload[];
  pods: V1Pod[];
  replicaSets: V1ReplicaSet[];
  /** Resources that the user may not list. */
  hidden: string[];
}

/**
 * Lists services and workloads of `namespace`. Kinds that the user may not list are left out and named in `hidden`.
 * @throws {NAMESPACE_NOT_FOUND, KUBE_FORBIDDEN} the latter when the user may list no services, or no kind of workload
 */
export async function readInventory(
  kube: Pick<KubeClient, 'list' | 'find'>,
  namespace: string,
  options: { signal: AbortSignal },
): Promise<Inventory> {
  const signal = deriveSignal(options.signal);
  const [services, ...lists] = await Promise.all([
    kube.list<V1Service>(paths.services(namespace), { signal }),
    ...workloadKindNames.map((kind) => listKind(kube, kind, namespace, signal)),
  ]);
  const allowed = lists.filter(({ items }) => items !== undefined);
  const hidden = lists
    .filter(({ items }) => items === undefined)
    .map(({ kind }) => workloadKinds[kind].resource);
  if (allowed.length === 0)
    raise('KUBE_FORBIDDEN', {
      action: 'find workloads',
      missing: hidden.map((resource) => ({ verb: 'list', resource, namespace })),
    });
  if ([services, ...allowed].every(({ items = [] }) => items.length === 0))
    await assertNamespace(kube, namespace, signal);
  const objects = (kind: WorkloadKind): WorkloadObject[] =>
    lists.find((list) => list.kind === kind)?.items ?? [];
  const workloads = workloadKindNames.flatMap((kind) =>
    objects(kind)
      .filter((object) => controllerOf(object.metadata) === undefined || !isMadeByOthers(kind))
      .map((object) => toWorkload(kind, namespace, object)),
  );
  return {
    namespace,
    services: services.items,
    workloads: workloads.filter(isCandidate),
    pods: objects('Pod') as V1Pod[],
    replicaSets: objects('ReplicaSet') as V1ReplicaSet[],
    hidden,
  };
}

/** An empty namespace and one that does not exist look the same in a list. */
async function assertNamespace(
  kube: Pick<KubeClient, 'find'>,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    const found = await kube.find(paths.namespaces(namespace), { signal });
    if (found === undefined) raise('NAMESPACE_NOT_FOUND', { namespace });
  } catch (error) {
    // Namespaces are objects of the cluster, which many users may not read.
    if (!isToolError(error, 'KUBE_FORBIDDEN')) throw error;
  }
}

async function listKind(
  kube: Pick<KubeClient, 'list'>,
  kind: WorkloadKind,
  namespace: string,
  signal: AbortSignal,
): Promise<{ kind: WorkloadKind; items: WorkloadObject[] | undefined }> {
  try {
    const { items } = await kube.list<WorkloadObject>(workloadKinds[kind].path(namespace), { signal });
    return { kind, items };
  } catch (error) {
    if (!isToolError(error, 'KUBE_FORBIDDEN')) throw error;
    return { kind, items: undefined };
  }
}

/** ReplicaSets and Pods usually follow the object that made them; the other kinds stand for themselves. */
function isMadeByOthers(kind: WorkloadKind): boolean {
  return kind === 'ReplicaSet' || kind === 'Pod';
}

function isCandidate(workload: Workload): boolean {
  if (workload.kind !== 'Pod') return true;
  const { phase } = workload.object.status ?? {};
  return workload.name !== GATEWAY && phase !== 'Succeeded' && phase !== 'Failed';
}

/** Workloads to whose pods `service` sends. */
export function workloadsOf(inventory: Inventory, service: V1Service): Workload[] {
  return inventory.workloads.filter((workload) =>
    selects(service.spec?.selector, templateOf(workload).metadata?.labels),
  );
}

/** Services that send to the pods of `workload`. */
export function servicesOf(inventory: Inventory, workload: Workload): V1Service[] {
  const { labels } = templateOf(workload).metadata ?? {};
  return inventory.services.filter(({ spec }) => selects(spec?.selector, labels));
}

/** Who else than `workload` gets traffic of `service`: other workloads with pods, and kinds that `tp` does not know. */
export function othersBehind(inventory: Inventory, service: V1Service, workload: Workload): string[] {
  const known = workloadsOf(inventory, service).filter((other) => wantedReplicas(other) > 0);
  const foreign = foreignOwners(inventory, service);
  return [...new Set([...known.map(({ label }) => label), ...foreign])].filter(
    (label) => label !== workload.label,
  );
}

/** Owners of kinds that `tp` does not know, of pods to which `service` sends: `Rollout/web`. */
export function foreignOwners(inventory: Inventory, service: V1Service): string[] {
  const owners = inventory.pods
    .filter(({ metadata }) => selects(service.spec?.selector, metadata?.labels))
    .flatMap(({ metadata }) => rootOwner(inventory, metadata) ?? []);
  return [...new Set(owners)].filter((owner) => !inventory.workloads.some(({ label }) => label === owner));
}

/**
 * Follows the controllers of a Pod or ReplicaSet upwards and returns the last one: `deploy/web`, or `Rollout/web` for a
 * kind that `tp` does not know; undefined when nobody made it.
 */
export function rootOwner(inventory: Inventory, metadata: V1ObjectMeta | undefined): string | undefined {
  const controller = controllerOf(metadata);
  if (controller === undefined) return undefined;
  if (controller.kind === 'ReplicaSet') {
    const replicaSet = inventory.replicaSets.find(
      (candidate) => candidate.metadata?.name === controller.name,
    );
    const owner =
      rootOwner(inventory, replicaSet?.metadata) ?? deploymentOf(controller.name, metadata?.labels);
    if (owner !== undefined) return owner;
  }
  const known = (workloadKinds as Partial<typeof workloadKinds>)[controller.kind as WorkloadKind];
  return `${known?.short ?? controller.kind}/${controller.name}`;
}

/** A ReplicaSet that cannot be looked at still has the name of its Deployment, and the hash that its pods carry. */
function deploymentOf(
  replicaSet: string,
  labels: Readonly<Record<string, string>> | undefined,
): string | undefined {
  const suffix = `-${labels?.['pod-template-hash'] ?? ''}`;
  return suffix.length > 1 && replicaSet.endsWith(suffix)
    ? `${workloadKinds.Deployment.short}/${replicaSet.slice(0, -suffix.length)}`
    : undefined;
}
