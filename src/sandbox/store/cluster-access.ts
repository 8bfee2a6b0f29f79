/**
 * What the sandbox's controllers and its node see of the API server. Reads are answered from memory; writes go through
 * all that a client's request goes through (admission, defaults, validation), except authentication and authorization.
 * Objects that come out are shared and frozen: a change is a new object.
 */
import type { V1ObjectMeta } from '../../kube/index.ts';

/** `<plural>` of the core group or `<plural>.<group>`, as `kubectl api-resources -o name` prints it. */
export type ResourceName = string;

export interface StoredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: V1ObjectMeta & { name: string; uid: string; resourceVersion: string };
}

/** What is written: everything that the API server sets may be missing. */
export interface ObjectToWrite {
  apiVersion?: string;
  kind?: string;
  metadata?: V1ObjectMeta;
}

export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: T;
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
  get<T extends StoredObject>(resource: ResourceName, reference: ObjectReference): T | undefined;
  list<T extends StoredObject>(resource: ResourceName, filter?: ListFilter): T[];

  /**
   * Calls `listener` with what is there as ADDED, before it returns, then with each change, in order. A listener must not
   * throw, and must not write before it has returned. Returns the function that ends it.
   */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller says what the resource holds
  watch<T extends StoredObject>(resource: ResourceName, listener: (event: WatchEvent<T>) => void): () => void;

  create<T extends StoredObject>(resource: ResourceName, object: ObjectToWrite): Promise<T>;

  /**
   * Replaces the object by what `change` makes of a mutable copy of it; `undefined` leaves it. Tried again while others
   * write between. Resolves with what is stored then; undefined when there is no such object.
   * `subresource: 'status'` writes `.status` only; without it `.status` is left as it is.
   */
  change<T extends StoredObject>(
    resource: ResourceName,
    reference: ObjectReference,
    change: (copy: T) => ObjectToWrite | undefined,
    options?: { subresource?: 'status' | 'ephemeralcontainers' | 'scale' },
  ): Promise<T | undefined>;

  /** Resolves when it is accepted; with finalizers or a grace period the object may still be there. No object: resolves. */
  delete(resource: ResourceName, reference: ObjectReference, choices?: DeleteChoices): Promise<void>;
}
