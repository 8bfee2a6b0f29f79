/** What the rest of the project asks of a Kubernetes API server. `createKubeClient` makes the real one. */
import type { Duplex, Readable } from 'node:stream';
import type { ToolError } from '../errors/index.ts';
import type { KubernetesObject } from './types.ts';

/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters -- the caller names the type of the JSON */

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Every call that waits takes the signal that ends it; an aborted call throws `signal.reason`. */
export interface CallOptions {
  signal: AbortSignal;
}

export interface GetOptions extends CallOptions {
  query?: Query;
}

export interface ListOptions extends CallOptions {
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

export interface WriteOptions extends CallOptions {
  /** Lets the API server do everything but store the result. */
  dryRun?: boolean;
  /** Who owns the fields that the request sets. Default: "tp". */
  fieldManager?: string;
}

export interface PatchOptions extends WriteOptions {
  /** JSON Patch (RFC 6902), JSON Merge Patch (RFC 7396), strategic merge patch, or server-side apply. */
  type: 'json' | 'merge' | 'strategic' | 'apply';
  /** Server-side apply only: takes fields away from other managers instead of failing with a conflict. */
  force?: boolean;
}

export interface DeleteOptions extends CallOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  /** Deletes only this very object: another `uid` or `resourceVersion` is KUBE_CONFLICT. */
  preconditions?: { uid?: string; resourceVersion?: string };
}

export interface FollowOptions<T> extends ListOptions {
  /**
   * Takes everything that matches now, by name: after the list, and after each batch of changes. The map is live and
   * belongs to the client: copy what must last.
   */
  onChange: (items: ReadonlyMap<string, T>) => void;
  /** Takes each failure; the client tries again by itself. */
  onError?: (error: ToolError) => void;
}

/** A right in Kubernetes RBAC terms. */
export interface Right {
  verb: string;
  /** API group; "" is the core group. */
  group: string;
  /** Plural, with the subresource if any: "pods", "pods/portforward". */
  resource: string;
  namespace: string;
  /** One object; all of them when absent. */
  name?: string;
}

/**
 * A client for one context of the kubeconfig. Paths come from `paths`. Every call can throw KUBE_UNREACHABLE,
 * KUBE_UNAUTHORIZED, KUBE_FORBIDDEN, KUBE_CONFLICT, KUBE_REQUEST_FAILED and KUBECONFIG_CREDENTIALS_FAILED; `kubeStatus`
 * reads the HTTP status and the Kubernetes reason from any of them.
 */
export interface KubeClient {
  readonly context: string;
  /** The option's, else the context's, else "default". */
  readonly namespace: string;
  /** URL of the API server. */
  readonly server: string;
  /** Name of the user in the kubeconfig: a label for humans. */
  readonly user: string;

  get<T>(path: string, options: GetOptions): Promise<T>;
  /** Like `get`, undefined when the object does not exist. */
  find<T>(path: string, options: GetOptions): Promise<T | undefined>;
  /** Reads a resource that is not JSON, such as a container's log. */
  getText(path: string, options: GetOptions): Promise<string>;
  /** The same, as it comes; the caller reads or destroys it. */
  streamText(path: string, options: GetOptions): Promise<Readable>;
  /** Reads the whole collection, page by page. */
  list<T>(path: string, options: ListOptions): Promise<{ items: T[]; resourceVersion: string }>;
  /** Creates `body` in the collection at `path` (or posts it to a subresource). */
  create<T>(path: string, body: object, options: WriteOptions): Promise<T>;
  replace<T>(path: string, body: object, options: WriteOptions): Promise<T>;
  patch<T>(path: string, patch: object, options: PatchOptions): Promise<T>;
  /** Success also when the object does not exist. */
  delete(path: string, options: DeleteOptions): Promise<void>;
  /**
   * Lists the collection of one namespace, then watches it until `signal` aborts, which ends the promise without an
   * error. Failures are tried again with growing waits, a history that is gone (410) by a new list.
   */
  follow<T extends KubernetesObject>(path: string, options: FollowOptions<T>): Promise<void>;
  /** Asks which of `rights` the user lacks; empty when all are there. */
  missingRights(rights: readonly Right[], options: CallOptions): Promise<Right[]>;
  /**
   * Opens a byte stream to a port on the loopback of a pod. It resolves when the kubelet has accepted the request,
   * which is before it dials: a port where nobody listens is CHANNEL_REFUSED, thrown here or the `error` of the stream,
   * whichever is reached first. Listen for it before anything else is awaited.
   * Half-close does not exist on this transport: `end()` closes both directions.
   */
  portForward(target: PortForwardTarget, options: CallOptions): Promise<Duplex>;
  version(options: CallOptions): Promise<ServerVersion>;
  /** Ends idle connections and credential plug-ins. Requests under way are ended by their signals. Idempotent. */
  close(): void;
}

export interface PortForwardTarget {
  namespace: string;
  pod: string;
  /** 1 to 65535. */
  port: number;
}

export interface ServerVersion {
  major: number;
  minor: number;
  /** For humans, such as "v1.20.2". */
  gitVersion: string;
}
