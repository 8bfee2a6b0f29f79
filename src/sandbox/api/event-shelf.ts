/** Keeps the events bounded: Kubernetes forgets them after an hour, the sandbox when newer ones need the room. */
import type { KubeObject, ObjectStore } from '../store/index.ts';

/** Events kept of the whole sandbox. */
export const maximumEvents = 2_000;

export class EventShelf {
  readonly #store: ObjectStore;
  /** Oldest first; some of them may be deleted already. */
  readonly #order: [namespace: string | undefined, name: string][] = [];

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  added({ metadata }: KubeObject): void {
    this.#order.push([metadata.namespace, metadata.name ?? '']);
    if (this.#order.length <= maximumEvents) return;
    for (const [namespace, name] of this.#order.splice(0, maximumEvents / 10)) {
      const event = this.#store.get('events', namespace, name);
      if (event !== undefined) this.#store.remove('events', event);
    }
  }
}
