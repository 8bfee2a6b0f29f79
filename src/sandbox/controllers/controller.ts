/**
 * What a controller is: a function from what there is to what should be written next. It decides and writes nothing
 * itself; {@link startControllers} calls it again after each change that concerns it, until it asks for nothing more.
 */
import type { KubernetesObject } from '../../kube/index.ts';
import type {
  ClusterAccess,
  ObjectReference,
  ResourceName,
  ResourceTypes,
  Stored,
} from '../store/cluster-access.ts';

/** The state that plans are made from. */
export type Reader = Pick<ClusterAccess, 'get' | 'list'>;

type Subresource = 'status' | 'finalize';

interface Create<R extends ResourceName> {
  verb: 'create';
  resource: R;
  object: ResourceTypes[R];
}

interface Change<R extends ResourceName> {
  verb: 'change';
  resource: R;
  reference: ObjectReference;
  /** Another object of this name is left alone. */
  uid: string;
  apply(copy: Stored<R>): ResourceTypes[R] | undefined;
  subresource?: Subresource;
}

export interface Deletion {
  verb: 'delete';
  resource: ResourceName;
  reference: ObjectReference;
  uid: string;
  gracePeriodSeconds?: number;
}

export interface Report {
  verb: 'report';
  about: KubernetesObject;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

export type Write = { [R in ResourceName]: Create<R> | Change<R> }[ResourceName] | Deletion | Report;

export interface Plan {
  /** Done one after the other; what follows a refused one is not done. */
  writes: Write[];
  /** Milliseconds after which the plan is made again although nothing has changed. */
  againMs?: number;
}

/** Which objects of the controller's own resource a change of another one concerns. */
export type Concerns = {
  [S in ResourceName]?: (object: Stored<S>, cluster: Reader) => ObjectReference[];
};

export interface Controller<R extends ResourceName = ResourceName> {
  /** As it signs events: `deployment-controller`. */
  name: string;
  resource: R;
  concerns: Concerns;
  plan(object: Stored<R>, cluster: Reader, nowMs: number): Plan;
  /** What to write after the object has gone. */
  planGone?(reference: ObjectReference, cluster: Reader): Plan;
  /** What to write when the API server has refused a creation with this message. */
  planRefused?(object: Stored<R>, message: string, nowMs: number): Write[];
}

export function create<R extends ResourceName>(resource: R, object: ResourceTypes[R]): Write {
  return { verb: 'create', resource, object } as Write;
}

/** Names an object that is stored. */
export function referenceTo({ metadata }: KubernetesObject): ObjectReference {
  const name = metadata?.name ?? '';
  return metadata?.namespace === undefined ? { name } : { namespace: metadata.namespace, name };
}

export function change<R extends ResourceName>(
  resource: R,
  object: Stored<R>,
  apply: (copy: Stored<R>) => ResourceTypes[R] | undefined,
  subresource?: Subresource,
): Write {
  return {
    verb: 'change',
    resource,
    reference: referenceTo(object),
    uid: object.metadata.uid,
    apply,
    ...(subresource === undefined ? {} : { subresource }),
  } as unknown as Write;
}

export function remove<R extends ResourceName>(resource: R, object: Stored<R>): Deletion {
  return { verb: 'delete', resource, reference: referenceTo(object), uid: object.metadata.uid };
}

export function report(
  about: KubernetesObject,
  type: Report['type'],
  reason: string,
  message: string,
): Report {
  return { verb: 'report', about, type, reason, message };
}

/** RFC 3339 to the second, as Kubernetes writes instants. */
export function timestamp(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
