/**
 * What the sandbox's controllers and its node see of the API server. Reads are answered from memory; writes go through
 * all that a client's request goes through (admission, defaults, validation), except authentication and authorization.
 * Objects that come out are shared and frozen: a change is a new object.
 */
import type {
  CoreV1Event,
  V1ConfigMap,
  V1ControllerRevision,
  V1DaemonSet,
  V1Deployment,
  V1Endpoints,
  V1EndpointSlice,
  V1Job,
  V1Lease,
  V1Namespace,
  V1Node,
  V1ObjectMeta,
  V1Pod,
  V1ReplicaSet,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
} from '../../kube/index.ts';

/**
 * The resources that controllers and node work with, and what they hold. Keys are `<plural>` of the core group or
 * `<plural>.<group>`, as `kubectl api-resources -o name` prints them.
 */
export interface ResourceTypes {
  configmaps: V1ConfigMap;
  endpoints: V1Endpoints;
  events: CoreV1Event;
  namespaces: V1Namespace;
  nodes: V1Node;
  pods: V1Pod;
  secrets: V1Secret;
  serviceaccounts: V1ServiceAccount;
  services: V1Service;
  'endpointslices.discovery.k8s.io': V1EndpointSlice;
  'leases.coordination.k8s.io': V1Lease;
  'jobs.batch': V1Job;
  'controllerrevisions.apps': V1ControllerRevision;
  'daemonsets.apps': V1DaemonSet;
  'deployments.apps': V1Deployment;
  'replicasets.apps': V1ReplicaSet;
  'roles.rbac.authorization.k8s.io': V1Role;
  'rolebindings.rbac.authorization.k8s.io': V1RoleBinding;
  'statefulsets.apps': V1StatefulSet;
}
export type ResourceName = keyof ResourceTypes;

/** What is stored: the API server has set these three. Shared and frozen. */
export type Stored<R extends ResourceName> = ResourceTypes[R] & {
  readonly metadata: V1ObjectMeta & { name: string; uid: string; resourceVersion: string };
};

export interface WatchEvent<R extends ResourceName> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: Stored<R>;
}

export interface ListFilter {
  /** All namespaces where missing. */
  namespace?: string;
  /** Equality only; for anything else filter the result. */
  labels?: Readonly<Record<string, string>>;
}

export interface ObjectReference {
  /** Missing for resources outside namespaces. */
  namespace?: string;
  name: string;
}

export interface DeleteChoices {
  /** Refuses with a conflict when the object of that name is another one by now. */
  uid?: string;
  /** Seconds; missing: the object's own (pods: `spec.terminationGracePeriodSeconds`). 0 removes at once. */
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
}

/** All rejections are `ApiError`s, with the Status that an HTTP client would have got. */
export interface ClusterAccess {
  get<R extends ResourceName>(resource: R, reference: ObjectReference): Stored<R> | undefined;
  list<R extends ResourceName>(resource: R, filter?: ListFilter): Stored<R>[];

  /**
   * Calls `listener` with what is there as ADDED, before it returns, then with each change, in order. A listener must not
   * throw, and must not write before it has returned. Returns the function that ends it.
   */
  watch<R extends ResourceName>(resource: R, listener: (event: WatchEvent<R>) => void): () => void;

  create<R extends ResourceName>(resource: R, object: ResourceTypes[R]): Promise<Stored<R>>;

  /**
   * Replaces the object by what `change` makes of a mutable copy of it; `undefined` leaves it. Tried again while others
   * write between. Resolves with what is stored then; undefined when there is no such object.
   * `subresource: 'status'` writes `.status` only; without it `.status` is left as it is. `subresource: 'binding'` is the
   * scheduler's: it writes a pod's `spec.nodeName` and its condition `PodScheduled`.
   * `subresource: 'finalize'` writes a namespace's `spec.finalizers`.
   */
  change<R extends ResourceName>(
    resource: R,
    reference: ObjectReference,
    change: (copy: Stored<R>) => ResourceTypes[R] | undefined,
    options?: { subresource?: 'status' | 'ephemeralcontainers' | 'scale' | 'binding' | 'finalize' },
  ): Promise<Stored<R> | undefined>;

  /** Resolves when it is accepted; with finalizers or a grace period the object may still be there. No object: resolves. */
  delete(resource: ResourceName, reference: ObjectReference, choices?: DeleteChoices): Promise<void>;
}
