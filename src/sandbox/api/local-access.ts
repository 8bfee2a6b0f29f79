/** The API server for what runs in the same process: controllers and the node. */
import {
  ApiError,
  mutableCopy,
  type ClusterAccess,
  type DeleteChoices,
  type KubeObject,
  type ListFilter,
  type ObjectReference,
  type ResourceName,
  type ResourceTypes,
  type Stored,
  type WatchEvent,
} from '../store/index.ts';
import type { Registry, WriteOptions } from './registry.ts';
import { resourceByKey, type ResourceDefinition } from './resources.ts';
import type { UserInfo } from './user.ts';

export class LocalAccess implements ClusterAccess {
  readonly #registry: Registry;
  readonly #writer: WriteOptions;

  /** @param manager the field manager of its writes, such as `kubelet` */
  constructor(registry: Registry, user: UserInfo, manager: string) {
    this.#registry = registry;
    this.#writer = { user, manager };
  }

  get<R extends ResourceName>(resource: R, { namespace, name }: ObjectReference): Stored<R> | undefined {
    const found = this.#registry.store.get(resource, namespace, name);
    return found === undefined ? undefined : typed<R>(found);
  }

  list<R extends ResourceName>(resource: R, { namespace, labels = {} }: ListFilter = {}): Stored<R>[] {
    const wanted = Object.entries(labels);
    return this.#registry.store
      .list(resource, namespace)
      .filter(({ metadata }) => wanted.every(([key, value]) => metadata.labels?.[key] === value))
      .map((object) => typed<R>(object));
  }

  watch<R extends ResourceName>(resource: R, listener: (event: WatchEvent<R>) => void): () => void {
    for (const object of this.#registry.store.list(resource))
      listener({ type: 'ADDED', object: typed<R>(object) });
    return this.#registry.store.listen(resource, ({ type, object }) => {
      listener({ type, object: typed<R>(object) });
    });
  }

  async create<R extends ResourceName>(resource: R, object: ResourceTypes[R]): Promise<Stored<R>> {
    const copy = mutableCopy(object) as unknown as KubeObject;
    const created = await this.#registry.create(
      definitionOf(resource),
      copy.metadata.namespace,
      copy,
      this.#writer,
    );
    return typed<R>(created);
  }

  async change<R extends ResourceName>(
    resource: R,
    reference: ObjectReference,
    change: (copy: Stored<R>) => ResourceTypes[R] | undefined,
    options: { subresource?: 'status' | 'ephemeralcontainers' | 'scale' | 'binding' | 'finalize' } = {},
  ): Promise<Stored<R> | undefined> {
    const writer = { ...this.#writer, subresource: options.subresource };
    try {
      const stored = await this.#registry.update(
        definitionOf(resource),
        reference,
        (copy, old) => {
          const next = change(typed<R>(copy)) as unknown as KubeObject | undefined;
          return next === undefined ? mutableCopy(old) : unconditional(next);
        },
        writer,
      );
      return typed<R>(stored);
    } catch (error) {
      if (error instanceof ApiError && error.status.code === 404) return undefined;
      throw error;
    }
  }

  async delete(
    resource: ResourceName,
    reference: ObjectReference,
    choices: DeleteChoices = {},
  ): Promise<void> {
    try {
      await this.#registry.delete(definitionOf(resource), reference, choices, this.#writer);
    } catch (error) {
      if (!(error instanceof ApiError && error.status.code === 404)) throw error;
    }
  }
}

/** The registry has checked the object against its resource's type. */
function typed<R extends ResourceName>(object: KubeObject): Stored<R> {
  return object as unknown as Stored<R>;
}

function unconditional(object: KubeObject): KubeObject {
  const { resourceVersion, ...metadata } = object.metadata;
  return resourceVersion === undefined ? object : { ...object, metadata };
}

function definitionOf(resource: ResourceName): ResourceDefinition {
  const definition = resourceByKey(resource);
  if (definition === undefined) throw new Error(`no resource ${resource}`);
  return definition;
}
