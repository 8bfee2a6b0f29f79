/**
 * Deletes what nobody owns any more: dependents of objects that are gone, and, for `Foreground` and `Orphan`, what has to
 * happen with dependents before their owner goes.
 */
import type { Logger } from '../../core/index.ts';
import { ApiError, type KubeObject, type ObjectChange, type ObjectStore } from '../store/index.ts';
import type { Registry, WriteOptions } from './registry.ts';
import { resourceByKey, resourceByKind, type ResourceDefinition } from './resources.ts';

interface Dependent {
  resource: string;
  namespace: string | undefined;
  name: string;
}

export class GarbageCollector {
  readonly #registry: Registry;
  readonly #store: ObjectStore;
  readonly #writer: WriteOptions;
  readonly #logger: Logger;
  /** By the owner's uid; the inner key is resource and place. */
  readonly #dependents = new Map<string, Map<string, Dependent>>();
  readonly #queue = new Map<string, () => Promise<void>>();
  #working = false;
  readonly #stop: () => void;

  constructor(registry: Registry, writer: WriteOptions, logger: Logger) {
    this.#registry = registry;
    this.#store = registry.store;
    this.#writer = writer;
    this.#logger = logger;
    this.#stop = this.#store.listenToAll((resource, change) => {
      this.#noted(resource, change);
    });
  }

  close(): void {
    this.#stop();
    this.#queue.clear();
  }

  #noted(resource: string, { type, object, previous }: ObjectChange): void {
    const dependent: Dependent = {
      resource,
      namespace: object.metadata.namespace,
      name: object.metadata.name ?? '',
    };
    const key = `${resource} ${dependent.namespace ?? ''}/${dependent.name}`;
    if (previous !== undefined)
      for (const uid of ownerIds(previous)) {
        this.#dependents.get(uid)?.delete(key);
        if (type === 'DELETED') this.#recheckOwner(previous, uid);
      }
    if (type === 'DELETED') {
      const uid = object.metadata.uid ?? '';
      for (const [dependentKey, lost] of this.#dependents.get(uid) ?? [])
        this.#enqueue(dependentKey, () => this.#release(lost));
      this.#dependents.delete(uid);
      return;
    }
    for (const uid of ownerIds(object)) {
      const all = this.#dependents.get(uid) ?? new Map<string, Dependent>();
      this.#dependents.set(uid, all.set(key, dependent));
    }
    if (ownerIds(object).length > 0 && type === 'ADDED') this.#enqueue(key, () => this.#release(dependent));
    if (object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).some(isOurs))
      this.#enqueue(`${key} finalize`, () => this.#finalize(dependent));
  }

  /** An owner that waits for its dependents may be done when one of them goes. */
  #recheckOwner({ metadata }: KubeObject, uid: string): void {
    const reference = metadata.ownerReferences?.find((owner) => owner.uid === uid);
    const definition = reference && resourceByKind(reference.apiVersion, reference.kind);
    if (reference === undefined || definition === undefined) return;
    const owner: Dependent = {
      resource: definition.key,
      namespace: definition.namespaced ? metadata.namespace : undefined,
      name: reference.name,
    };
    const stored = this.#store.get(owner.resource, owner.namespace, owner.name);
    if (stored?.metadata.finalizers?.includes('foregroundDeletion') === true)
      this.#enqueue(`${owner.resource} ${owner.namespace ?? ''}/${owner.name} finalize`, () =>
        this.#finalize(owner),
      );
  }

  /** Deletes an object whose owners are all gone, or forgets those of several that are. */
  async #release(dependent: Dependent): Promise<void> {
    const object = this.#store.get(dependent.resource, dependent.namespace, dependent.name);
    const owners = object?.metadata.ownerReferences ?? [];
    if (object === undefined || owners.length === 0) return;
    const alive = owners.filter((owner) => this.#lives(owner, object.metadata.namespace));
    if (alive.length === owners.length) return;
    const definition = definitionOf(dependent);
    if (alive.length > 0) {
      await this.#registry.update(
        definition,
        dependent,
        (copy) => ({ ...copy, metadata: { ...copy.metadata, ownerReferences: alive } }),
        this.#writer,
      );
      return;
    }
    const policy =
      object.metadata.finalizers?.includes('foregroundDeletion') === true ? 'Foreground' : 'Background';
    await this.#registry.delete(
      definition,
      dependent,
      { uid: object.metadata.uid, propagationPolicy: policy },
      this.#writer,
    );
  }

  /** A kind that the sandbox does not serve is not known to be gone. */
  #lives(
    owner: { apiVersion: string; kind: string; name: string; uid: string },
    namespace?: string,
  ): boolean {
    const definition = resourceByKind(owner.apiVersion, owner.kind);
    if (definition === undefined) return true;
    return (
      this.#store.get(definition.key, definition.namespaced ? namespace : undefined, owner.name)?.metadata
        .uid === owner.uid
    );
  }

  async #finalize(place: Dependent): Promise<void> {
    const owner = this.#store.get(place.resource, place.namespace, place.name);
    const finalizer = owner?.metadata.finalizers?.find(isOurs);
    if (owner === undefined || finalizer === undefined || owner.metadata.deletionTimestamp === undefined)
      return;
    const uid = owner.metadata.uid ?? '';
    const dependents = [...(this.#dependents.get(uid)?.values() ?? [])];
    if (finalizer === 'orphan') for (const dependent of dependents) await this.#orphan(dependent, uid);
    else if (await this.#deleteDependents(dependents, uid)) return;
    await this.#registry.update(
      definitionOf(place),
      place,
      (copy) => ({
        ...copy,
        metadata: {
          ...copy.metadata,
          finalizers: (copy.metadata.finalizers ?? []).filter((name) => name !== finalizer),
        },
      }),
      this.#writer,
    );
  }

  /** @returns whether the owner has to wait for some of them */
  async #deleteDependents(dependents: readonly Dependent[], uid: string): Promise<boolean> {
    let blocked = false;
    for (const dependent of dependents) {
      const object = this.#store.get(dependent.resource, dependent.namespace, dependent.name);
      if (object === undefined) continue;
      const reference = object.metadata.ownerReferences?.find((owner) => owner.uid === uid);
      if (object.metadata.deletionTimestamp === undefined)
        await this.#registry.delete(
          definitionOf(dependent),
          dependent,
          { propagationPolicy: 'Foreground' },
          this.#writer,
        );
      const left = this.#store.get(dependent.resource, dependent.namespace, dependent.name);
      blocked ||= reference?.blockOwnerDeletion === true && left !== undefined;
    }
    return blocked;
  }

  async #orphan(dependent: Dependent, uid: string): Promise<void> {
    await this.#registry.update(
      definitionOf(dependent),
      dependent,
      (copy) => {
        const others = (copy.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid);
        return { ...copy, metadata: { ...copy.metadata, ownerReferences: others } };
      },
      this.#writer,
    );
  }

  #enqueue(key: string, work: () => Promise<void>): void {
    this.#queue.set(key, work);
    if (this.#working) return;
    this.#working = true;
    queueMicrotask(() => void this.#work());
  }

  async #work(): Promise<void> {
    for (const [key, work] of this.#queue) {
      this.#queue.delete(key);
      try {
        await work();
      } catch (error) {
        // Gone or changed meanwhile: the change itself brings it here again.
        if (!(error instanceof ApiError))
          this.#logger.error('garbage collection failed', { object: key, error: String(error) });
      }
    }
    this.#working = false;
  }
}

const isOurs = (name: string): boolean => name === 'orphan' || name === 'foregroundDeletion';

function ownerIds({ metadata }: KubeObject): string[] {
  return (metadata.ownerReferences ?? []).map((owner) => owner.uid);
}

function definitionOf({ resource }: Dependent): ResourceDefinition {
  const definition = resourceByKey(resource);
  if (definition === undefined) throw new Error(`no resource ${resource}`);
  return definition;
}
