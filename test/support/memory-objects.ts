/** A cluster's objects in memory, for tests of the sandbox's node: no admission, no validation, no defaults. */
import { randomUUID } from 'node:crypto';
import type {
  ClusterAccess,
  ObjectReference,
  ResourceName,
  Stored,
  WatchEvent,
} from '../../src/sandbox/store/cluster-access.ts';

type AnyObject = Stored<ResourceName>;
type AnyListener = (event: WatchEvent<ResourceName>) => void;

export class MemoryObjects implements ClusterAccess {
  readonly #objects = new Map<ResourceName, Map<string, AnyObject>>();
  readonly #listeners = new Map<ResourceName, Set<AnyListener>>();
  #version = 0;

  get<R extends ResourceName>(resource: R, reference: ObjectReference): Stored<R> | undefined {
    return this.#of(resource).get(keyOf(reference)) as Stored<R> | undefined;
  }

  list<R extends ResourceName>(resource: R): Stored<R>[] {
    return [...this.#of(resource).values()] as Stored<R>[];
  }

  watch<R extends ResourceName>(resource: R, listener: (event: WatchEvent<R>) => void): () => void {
    const listeners = this.#listeners.get(resource) ?? new Set();
    this.#listeners.set(resource, listeners.add(listener as AnyListener));
    for (const object of this.list(resource)) listener({ type: 'ADDED', object });
    return () => listeners.delete(listener as AnyListener);
  }

  async create<R extends ResourceName>(resource: R, object: Stored<R> | object): Promise<Stored<R>> {
    await Promise.resolve();
    const { metadata = {} } = object as { metadata?: Partial<AnyObject['metadata']> };
    const stored = { ...object, metadata: { uid: randomUUID(), ...metadata } } as Stored<R>;
    return this.#store(resource, stored, 'ADDED');
  }

  async change<R extends ResourceName>(
    resource: R,
    reference: ObjectReference,
    change: (copy: Stored<R>) => object | undefined,
  ): Promise<Stored<R> | undefined> {
    await Promise.resolve();
    const before = this.get(resource, reference);
    if (before === undefined) return undefined;
    const after = change(structuredClone(before));
    return after === undefined ? before : this.#store(resource, after as Stored<R>, 'MODIFIED');
  }

  async delete(
    resource: ResourceName,
    reference: ObjectReference,
    { gracePeriodSeconds }: { gracePeriodSeconds?: number } = {},
  ): Promise<void> {
    await Promise.resolve();
    const object = this.get(resource, reference);
    if (object === undefined) return;
    const spec = (object as { spec?: { terminationGracePeriodSeconds?: number; nodeName?: string } }).spec;
    const graceSeconds = gracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? 30;
    if (resource === 'pods' && spec?.nodeName !== undefined && graceSeconds > 0) {
      const deletionTimestamp = new Date().toISOString();
      const metadata = { ...object.metadata, deletionTimestamp, deletionGracePeriodSeconds: graceSeconds };
      this.#store<ResourceName>(resource, { ...object, metadata }, 'MODIFIED');
      return;
    }
    this.#of(resource).delete(keyOf(reference));
    this.#tell(resource, { type: 'DELETED', object });
  }

  #store<R extends ResourceName>(resource: R, object: Stored<R>, type: 'ADDED' | 'MODIFIED'): Stored<R> {
    this.#version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.#version) };
    const stored = Object.freeze({ ...object, metadata });
    this.#of(resource).set(keyOf(metadata), stored as unknown as AnyObject);
    this.#tell(resource, { type, object: stored as unknown as AnyObject });
    return stored as unknown as Stored<R>;
  }

  #tell(resource: ResourceName, event: WatchEvent<ResourceName>): void {
    for (const listener of this.#listeners.get(resource) ?? []) listener(event);
  }

  #of(resource: ResourceName): Map<string, AnyObject> {
    const objects = this.#objects.get(resource) ?? new Map<string, AnyObject>();
    this.#objects.set(resource, objects);
    return objects;
  }
}

function keyOf({ namespace = '', name }: ObjectReference): string {
  return `${namespace}/${name}`;
}
