/**
 * All objects of the sandbox in memory, with what a watch needs: one revision that counts every change, and for each
 * resource the last changes. Knows no rules: whoever writes has validated. Everything is synchronous, so that what reads
 * and then writes without waiting cannot be overtaken.
 */
import { deepFreeze, type KubeObject } from './kube-object.ts';

/** Changes kept for each resource. A watch that starts from further back is told to list again (410 Gone). */
export const watchHistoryLength = 2_048;

export interface ObjectChange {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** What is stored now; of a deletion what was stored last, with the revision of the deletion. */
  object: KubeObject;
  previous?: KubeObject;
  revision: number;
}

export type ChangeListener = (change: ObjectChange) => void;

interface Collection {
  objects: Map<string, KubeObject>;
  /** Sorted by key; made when asked for, forgotten when a key comes or goes. */
  sorted?: KubeObject[] | undefined;
  history: ObjectChange[];
  /** Changes up to this revision are forgotten. */
  forgotten: number;
  listeners: Set<ChangeListener>;
}

export class ObjectStore {
  #revision = 1;
  readonly #collections = new Map<string, Collection>();
  readonly #everything = new Set<(resource: string, change: ObjectChange) => void>();
  /** Changes that a listener made: told after the one it was told about. */
  readonly #pending: [resource: string, change: ObjectChange][] = [];
  #telling = false;

  /** The last revision that was given out. */
  get revision(): number {
    return this.#revision;
  }

  get(resource: string, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#collection(resource).objects.get(key(namespace, name));
  }

  /** All objects, or those of one namespace, by namespace and name. */
  list(resource: string, namespace?: string): readonly KubeObject[] {
    const collection = this.#collection(resource);
    collection.sorted ??= [...collection.objects]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
    if (namespace === undefined) return collection.sorted;
    return collection.sorted.filter((object) => object.metadata.namespace === namespace);
  }

  /** Stores `object` under its names, sets its `resourceVersion` and freezes it. */
  put(resource: string, object: KubeObject): KubeObject {
    const collection = this.#collection(resource);
    const place = key(object.metadata.namespace, object.metadata.name ?? '');
    const previous = collection.objects.get(place);
    this.#stamp(object);
    collection.objects.set(place, object);
    collection.sorted = undefined;
    this.#record(resource, collection, {
      type: previous === undefined ? 'ADDED' : 'MODIFIED',
      object,
      ...(previous === undefined ? {} : { previous }),
      revision: this.#revision,
    });
    return object;
  }

  /** Removes what is stored under the names of `last`, which becomes the last state that watchers see. */
  remove(resource: string, last: KubeObject): KubeObject {
    const collection = this.#collection(resource);
    const place = key(last.metadata.namespace, last.metadata.name ?? '');
    const previous = collection.objects.get(place) ?? last;
    collection.objects.delete(place);
    collection.sorted = undefined;
    const object = { ...last, metadata: { ...last.metadata } };
    this.#stamp(object);
    this.#record(resource, collection, { type: 'DELETED', object, previous, revision: this.#revision });
    return object;
  }

  /** The changes after `revision`; undefined when some of them are forgotten. */
  changesSince(resource: string, revision: number): readonly ObjectChange[] | undefined {
    const { history, forgotten } = this.#collection(resource);
    if (revision < forgotten) return undefined;
    return history.filter((change) => change.revision > revision);
  }

  /** Tells each change of one resource, in order. The listener must not throw. Returns the function that ends it. */
  listen(resource: string, listener: ChangeListener): () => void {
    const { listeners } = this.#collection(resource);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** The same for all resources. */
  listenToAll(listener: (resource: string, change: ObjectChange) => void): () => void {
    this.#everything.add(listener);
    return () => this.#everything.delete(listener);
  }

  #stamp(object: KubeObject): void {
    this.#revision += 1;
    object.metadata.resourceVersion = String(this.#revision);
    deepFreeze(object);
  }

  #record(resource: string, collection: Collection, change: ObjectChange): void {
    collection.history.push(change);
    if (collection.history.length > watchHistoryLength) {
      // Half at once: shifting one by one would move the whole array at each change.
      const dropped = collection.history.splice(0, watchHistoryLength / 2);
      collection.forgotten = dropped.at(-1)?.revision ?? collection.forgotten;
    }
    this.#pending.push([resource, change]);
    if (this.#telling) return;
    this.#telling = true;
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      for (const listener of this.#everything) listener(...next);
      for (const listener of this.#collection(next[0]).listeners) listener(next[1]);
    }
    this.#telling = false;
  }

  #collection(resource: string): Collection {
    let collection = this.#collections.get(resource);
    if (collection === undefined) {
      collection = { objects: new Map(), history: [], forgotten: 0, listeners: new Set() };
      this.#collections.set(resource, collection);
    }
    return collection;
  }
}

/** Sorts as etcd's keys do. */
function key(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
