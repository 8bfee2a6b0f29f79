/** The kinds of object whose pods can carry an agent: their names, and where things stand in them. */
import {
  paths,
  type V1DaemonSet,
  type V1Deployment,
  type V1LabelSelector,
  type V1ObjectMeta,
  type V1Pod,
  type V1PodSpec,
  type V1ReplicaSet,
  type V1StatefulSet,
} from '../kube/index.ts';

interface KindDescription {
  /** kubectl's short name; `tp` writes workloads as `deploy/web`. */
  short: string;
  /** Other names that kubectl takes. */
  aliases: readonly string[];
  group: 'apps' | '';
  resource: string;
  path: (namespace: string, name?: string) => string;
}

interface WorkloadObjects {
  Deployment: V1Deployment;
  StatefulSet: V1StatefulSet;
  DaemonSet: V1DaemonSet;
  ReplicaSet: V1ReplicaSet;
  Pod: V1Pod;
}
export type WorkloadKind = keyof WorkloadObjects;
export type WorkloadObject = WorkloadObjects[WorkloadKind];

export const workloadKinds: Readonly<Record<WorkloadKind, KindDescription>> = {
  Deployment: {
    short: 'deploy',
    aliases: ['deployment', 'deployments'],
    group: 'apps',
    resource: 'deployments',
    path: paths.deployments,
  },
  StatefulSet: {
    short: 'sts',
    aliases: ['statefulset', 'statefulsets'],
    group: 'apps',
    resource: 'statefulsets',
    path: paths.statefulSets,
  },
  DaemonSet: {
    short: 'ds',
    aliases: ['daemonset', 'daemonsets'],
    group: 'apps',
    resource: 'daemonsets',
    path: paths.daemonSets,
  },
  ReplicaSet: {
    short: 'rs',
    aliases: ['replicaset', 'replicasets'],
    group: 'apps',
    resource: 'replicasets',
    path: paths.replicaSets,
  },
  Pod: { short: 'pod', aliases: ['po', 'pods'], group: '', resource: 'pods', path: paths.pods },
};

/** Every kind, in the order in which they are looked through. */
export const workloadKindNames: readonly WorkloadKind[] = Object.keys(workloadKinds) as WorkloadKind[];

/** A pod template, or a Pod seen as its own template. */
export interface PodTemplate {
  metadata?: V1ObjectMeta;
  spec?: V1PodSpec;
}

/** One workload as the API server told it; `kind` says which type `object` has. */
export type Workload = {
  [K in WorkloadKind]: {
    readonly kind: K;
    readonly namespace: string;
    readonly name: string;
    /** `deploy/web` */
    readonly label: string;
    readonly object: WorkloadObjects[K];
  };
}[WorkloadKind];

export function toWorkload(kind: WorkloadKind, namespace: string, object: WorkloadObject): Workload {
  const name = object.metadata?.name ?? '';
  // The compiler cannot follow that `kind` and `object` belong together.
  return { kind, namespace, name, label: `${workloadKinds[kind].short}/${name}`, object } as Workload;
}

/** API path of the object. */
export function workloadPath({
  kind,
  namespace,
  name,
}: Pick<Workload, 'kind' | 'namespace' | 'name'>): string {
  return workloadKinds[kind].path(namespace, name);
}

/** JSON Pointer of the pod template in an object of this kind. */
export function templatePointer(kind: WorkloadKind): string {
  return kind === 'Pod' ? '' : '/spec/template';
}

export function templateOf(workload: Workload): PodTemplate {
  if (workload.kind === 'Pod') return workload.object;
  return workload.object.spec?.template ?? {};
}

/** How many pods there should be. */
export function wantedReplicas(workload: Workload): number {
  switch (workload.kind) {
    case 'Pod':
      return 1;
    case 'DaemonSet':
      return workload.object.status?.desiredNumberScheduled ?? 0;
    default:
      return workload.object.spec?.replicas ?? 1;
  }
}

/** Kubernetes changes the pods of these only when somebody deletes them. */
export function replacesNoPods(workload: Workload): boolean {
  switch (workload.kind) {
    case 'ReplicaSet':
      return true;
    case 'StatefulSet':
    case 'DaemonSet':
      return workload.object.spec?.updateStrategy?.type === 'OnDelete';
    default:
      return false;
  }
}

/** Selects the pods of a workload in a list or watch. */
export interface PodSelection {
  labelSelector?: string;
  fieldSelector?: string;
}

export function podsOf(workload: Workload): PodSelection {
  if (workload.kind === 'Pod') return { fieldSelector: `metadata.name=${workload.name}` };
  return { labelSelector: encodeLabelSelector(workload.object.spec?.selector ?? {}) };
}

/** Writes a selector as the API's `labelSelector` parameter takes it. */
export function encodeLabelSelector({ matchLabels = {}, matchExpressions = [] }: V1LabelSelector): string {
  const equalities = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
    switch (operator) {
      case 'In':
        return `${key} in (${values.join(',')})`;
      case 'NotIn':
        return `${key} notin (${values.join(',')})`;
      case 'Exists':
        return key;
      default:
        return `!${key}`;
    }
  });
  return [...equalities, ...expressions].join(',');
}

/** Tells whether a Service with `selector` sends to pods with `labels`; an empty selector selects nothing. */
export function selects(
  selector: Readonly<Record<string, string>> | undefined,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels?.[key] === value);
}

/** The object that made this one and keeps it, if any. */
export function controllerOf(
  metadata: V1ObjectMeta | undefined,
): { kind: string; name: string; uid: string } | undefined {
  return metadata?.ownerReferences?.find(({ controller }) => controller === true);
}
