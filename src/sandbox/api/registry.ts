/**
 * Every write to the store goes through here: creates, updates and deletions with all that Kubernetes does between an
 * allowed request and the stored object. Reading the current state and storing the next happen without a wait between
 * them, unless a webhook is asked; then the update starts again if somebody was faster.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/index.ts';
import {
  alreadyExists,
  ApiError,
  badRequest,
  conflict,
  forbidden,
  invalid,
  mapIn,
  mutableCopy,
  notFound,
  sameJson,
  type KubeObject,
  type ObjectStore,
  type Subject,
} from '../store/index.ts';
import type { Admission, AdmissionRequest } from './admission.ts';
import { applyDefaults } from './defaults/index.ts';
import { EventShelf } from './event-shelf.ts';
import { admitPod, randomName } from './pod-admission.ts';
import { apiVersionOf, type ResourceDefinition } from './resources.ts';
import { ServiceAddresses } from './service-addresses.ts';
import { finishCreate, prepareCreate, prepareUpdate } from './strategies.ts';
import type { UserInfo } from './user.ts';
import { validate } from './validation/index.ts';

/** Times that an unconditional change is made again because another writer was faster. */
export const maximumConflictRetries = 20;

export interface WriteOptions {
  user: UserInfo;
  /** The field manager. */
  manager: string;
  dryRun?: boolean | undefined;
  subresource?: string | undefined;
  /** Sets `managedFields` itself: server-side apply. */
  apply?: boolean | undefined;
}

export interface Place {
  namespace?: string | undefined;
  name: string;
}

export interface DeleteOptions {
  uid?: string | undefined;
  resourceVersion?: string | undefined;
  gracePeriodSeconds?: number | undefined;
  propagationPolicy?: string | undefined;
}

/** Notes in `object` who wrote what of it. */
export type FieldTracker = (
  definition: ResourceDefinition,
  object: KubeObject,
  old: KubeObject | undefined,
  options: WriteOptions,
  time: string,
) => void;

export interface RegistryOptions {
  store: ObjectStore;
  clock: Pick<Clock, 'epochMs'>;
  admission?: Admission;
  trackFields?: FieldTracker;
}

export class Registry {
  readonly store: ObjectStore;
  readonly #options: RegistryOptions;
  readonly #addresses: ServiceAddresses;
  readonly #events: EventShelf;

  constructor(options: RegistryOptions) {
    this.store = options.store;
    this.#options = options;
    this.#addresses = new ServiceAddresses(options.store);
    this.#events = new EventShelf(options.store);
  }

  /** RFC 3339, to the second. */
  now(afterMs = 0): string {
    return new Date(this.#options.clock.epochMs() + afterMs).toISOString().replace(/\.\d+Z$/, 'Z');
  }

  /** @throws {ApiError} 404 */
  read(definition: ResourceDefinition, { namespace, name }: Place): KubeObject {
    const found = this.store.get(definition.key, definition.namespaced ? namespace : undefined, name);
    if (found === undefined) throw notFound(subject(definition, name));
    return found;
  }

  /** @param given is changed, and becomes the stored object. @throws {ApiError} */
  async create(
    definition: ResourceDefinition,
    namespace: string | undefined,
    given: KubeObject,
    options: WriteOptions,
  ): Promise<KubeObject> {
    const object = given;
    this.#nameNew(definition, namespace, object);
    const name = object.metadata.name ?? '';
    this.#checkNamespace(definition, object);
    prepareCreate(definition, object);
    applyDefaults(definition.key, object);
    if (definition.key === 'pods') admitPod(this.store, object);
    const request: AdmissionRequest = {
      operation: 'CREATE',
      definition,
      namespace: object.metadata.namespace,
      name,
      object,
      user: options.user,
      dryRun: options.dryRun === true,
    };
    await this.#options.admission?.mutate(request);
    applyDefaults(definition.key, object);
    finishCreate(definition, object);
    this.#refuseInvalid(definition, object);
    await this.#options.admission?.validate(request);
    if (this.store.get(definition.key, object.metadata.namespace, name) !== undefined)
      throw alreadyExists(subject(definition, name));
    if (definition.key === 'services') this.#addresses.assign(object);
    this.#options.trackFields?.(definition, object, undefined, options, this.now());
    if (options.dryRun === true) return object;
    const stored = this.store.put(definition.key, object);
    if (definition.key === 'events') this.#events.added(stored);
    return stored;
  }

  /**
   * Stores what `change` makes of a copy of the object. A `resourceVersion` that it leaves or sets to another than the
   * stored one is a conflict; one that it deletes is none. `change` may be called again.
   * @throws {ApiError}
   */
  async update(
    definition: ResourceDefinition,
    place: Place,
    change: (copy: KubeObject, stored: KubeObject) => KubeObject,
    options: WriteOptions,
  ): Promise<KubeObject> {
    for (let attempt = 0; ; attempt += 1) {
      const old = this.read(definition, place);
      const object = change(mutableCopy(old), old);
      const result = await this.#tryUpdate(definition, place, object, old, options);
      if (result !== undefined) return result;
      if (attempt >= maximumConflictRetries) throw conflict(subject(definition, place.name));
    }
  }

  async #tryUpdate(
    definition: ResourceDefinition,
    place: Place,
    changed: KubeObject,
    old: KubeObject,
    options: WriteOptions,
  ): Promise<KubeObject | undefined> {
    const about = subject(definition, place.name);
    const { resourceVersion = '', uid } = changed.metadata;
    if (resourceVersion !== '' && resourceVersion !== old.metadata.resourceVersion) throw conflict(about);
    if (uid !== undefined && uid !== '' && uid !== old.metadata.uid)
      throw conflict(about, uidMismatch(uid, old));
    checkNames(definition, changed, place);
    const object = prepareUpdate(definition, changed, old, options.subresource);
    delete object.metadata.resourceVersion;
    if (options.subresource !== 'status') applyDefaults(definition.key, object);
    const request: AdmissionRequest = {
      operation: 'UPDATE',
      definition,
      subresource: options.subresource,
      namespace: place.namespace,
      name: place.name,
      object,
      old,
      user: options.user,
      dryRun: options.dryRun === true,
    };
    await this.#options.admission?.mutate(request);
    if (definition.key === 'services') this.#addresses.assign(keepAddress(object, old));
    if (options.subresource === undefined) this.#refuseInvalid(definition, object, old);
    await this.#options.admission?.validate(request);
    if (this.store.get(definition.key, old.metadata.namespace, place.name) !== old) return undefined;
    this.#options.trackFields?.(definition, object, old, options, this.now());
    if (sameContent(object, old)) return old;
    if (options.dryRun === true) return { ...object, metadata: { ...object.metadata, ...version(old) } };
    if (isFinished(object)) {
      this.store.put(definition.key, object);
      return this.store.remove(definition.key, object);
    }
    return this.store.put(definition.key, object);
  }

  /**
   * Deletes, or marks as being deleted while finalizers or a grace period hold the object.
   * @returns the object as it is now or was last, and whether it is gone
   * @throws {ApiError}
   */
  async delete(
    definition: ResourceDefinition,
    place: Place,
    choices: DeleteOptions,
    options: WriteOptions,
  ): Promise<{ object: KubeObject; gone: boolean }> {
    const admitted = this.read(definition, place);
    await this.#options.admission?.validate({
      operation: 'DELETE',
      definition,
      namespace: place.namespace,
      name: place.name,
      old: admitted,
      user: options.user,
      dryRun: options.dryRun === true,
    });
    const old = this.read(definition, place);
    const about = subject(definition, place.name);
    if (choices.uid !== undefined && choices.uid !== old.metadata.uid)
      throw conflict(about, uidMismatch(choices.uid, old));
    if (choices.resourceVersion !== undefined && choices.resourceVersion !== old.metadata.resourceVersion)
      throw conflict(
        about,
        `the ResourceVersion in the precondition (${choices.resourceVersion}) does not match the ResourceVersion in record (${old.metadata.resourceVersion ?? ''}). The object might have been modified`,
      );
    if (definition.key === 'namespaces' && fixedNamespaces.has(place.name))
      throw forbidden(about, 'this namespace may not be deleted');
    const object = this.#markDeleted(definition, mutableCopy(old), choices);
    if (options.dryRun === true) return { object, gone: isFinished(object) };
    if (isFinished(object)) return { object: this.store.remove(definition.key, object), gone: true };
    if (sameContent(object, old)) return { object: old, gone: false };
    delete object.metadata.resourceVersion;
    return { object: this.store.put(definition.key, object), gone: false };
  }

  #markDeleted(definition: ResourceDefinition, object: KubeObject, choices: DeleteOptions): KubeObject {
    const { metadata } = object;
    const finalizer = dependentFinalizers[choices.propagationPolicy ?? ''];
    const others = (metadata.finalizers ?? []).filter((name) => !dependentFinalizerNames.has(name));
    // Whoever asks for no policy gets the one that the object's finalizers name already.
    if (choices.propagationPolicy !== undefined)
      metadata.finalizers = finalizer === undefined ? others : [...others, finalizer];
    const grace = definition.key === 'pods' ? gracePeriod(object, choices) : 0;
    const before = metadata.deletionGracePeriodSeconds;
    if (metadata.deletionTimestamp === undefined || (before !== undefined && grace < before)) {
      metadata.deletionTimestamp = this.now(grace * 1_000);
      metadata.deletionGracePeriodSeconds = grace;
      if (metadata.generation !== undefined) metadata.generation += 1;
    }
    if (definition.key === 'namespaces') mapIn(object, 'status')['phase'] = 'Terminating';
    return object;
  }

  #nameNew(definition: ResourceDefinition, namespace: string | undefined, object: KubeObject): void {
    const { metadata } = object;
    if ((metadata.resourceVersion ?? '') !== '')
      throw badRequest('resourceVersion should not be set on objects to be created');
    if (definition.namespaced) {
      if ((metadata.namespace ?? '') !== '' && namespace !== undefined && metadata.namespace !== namespace)
        throw badRequest(
          'the namespace of the provided object does not match the namespace sent on the request',
        );
      if (namespace !== undefined) metadata.namespace = namespace;
    } else delete metadata.namespace;
    if ((metadata.name ?? '') === '' && (metadata.generateName ?? '') !== '')
      metadata.name = `${metadata.generateName ?? ''}${randomName()}`;
    for (const field of [
      'resourceVersion',
      'selfLink',
      'deletionTimestamp',
      'deletionGracePeriodSeconds',
      'generation',
    ])
      Reflect.deleteProperty(metadata, field);
    metadata.uid = randomUUID();
    metadata.creationTimestamp = this.now();
    object.apiVersion = apiVersionOf(definition);
    object.kind = definition.kind;
  }

  #checkNamespace(definition: ResourceDefinition, { metadata }: KubeObject): void {
    if (!definition.namespaced) return;
    const name = metadata.namespace ?? '';
    const namespace = this.store.get('namespaces', undefined, name);
    if (namespace === undefined) throw notFound({ group: '', plural: 'namespaces', kind: 'Namespace', name });
    if (namespace.metadata.deletionTimestamp !== undefined) {
      const { status } = forbidden(
        subject(definition, metadata.name),
        `unable to create new content in namespace ${name} because it is being terminated`,
      );
      const cause = {
        reason: 'NamespaceTerminating',
        message: `namespace ${name} is being terminated`,
        field: 'metadata.namespace',
      };
      throw new ApiError({ ...status, details: { ...status.details, causes: [cause] } });
    }
  }

  #refuseInvalid(definition: ResourceDefinition, object: KubeObject, old?: KubeObject): void {
    const errors = validate(definition, object, old);
    if (errors.length > 0) throw invalid(subject(definition, object.metadata.name), errors);
  }
}

const fixedNamespaces: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

const dependentFinalizers: Readonly<Record<string, string>> = {
  Orphan: 'orphan',
  Foreground: 'foregroundDeletion',
};
const dependentFinalizerNames: ReadonlySet<string> = new Set(Object.values(dependentFinalizers));

export function subject({ group, plural, kind }: ResourceDefinition, name?: string): Subject {
  return { group, plural, kind, ...(name === undefined ? {} : { name }) };
}

/** Marked as deleted, and nothing holds it any more. */
function isFinished(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length > 0 || deletionGracePeriodSeconds > 0)
    return false;
  const held = object.kind === 'Namespace' ? mapIn({ ...object }, 'spec')['finalizers'] : undefined;
  return !Array.isArray(held) || held.length === 0;
}

/** Seconds. A pod that no node has, or whose containers have ended, needs no time to stop. */
function gracePeriod(pod: KubeObject, { gracePeriodSeconds }: DeleteOptions): number {
  const spec = mapIn({ ...pod }, 'spec');
  const phase = mapIn({ ...pod }, 'status')['phase'];
  if (spec['nodeName'] === undefined || phase === 'Succeeded' || phase === 'Failed') return 0;
  const own = spec['terminationGracePeriodSeconds'];
  return Math.max(0, gracePeriodSeconds ?? (typeof own === 'number' ? own : 30));
}

function keepAddress(service: KubeObject, old: KubeObject): KubeObject {
  const spec = mapIn(service, 'spec');
  const before = mapIn({ ...old }, 'spec')['clusterIP'];
  if (spec['type'] !== 'ExternalName' && before !== undefined) spec['clusterIP'] ??= before;
  return service;
}

function checkNames({ namespaced }: ResourceDefinition, { metadata }: KubeObject, place: Place): void {
  if ((metadata.name ?? place.name) !== place.name)
    throw badRequest(
      `the name of the object (${metadata.name ?? ''}) does not match the name on the URL (${place.name})`,
    );
  if (namespaced && (metadata.namespace ?? place.namespace) !== place.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

const uidMismatch = (uid: string, { metadata }: KubeObject): string =>
  `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid ?? ''}`;

const version = ({ metadata: { resourceVersion } }: KubeObject): { resourceVersion?: string } =>
  resourceVersion === undefined ? {} : { resourceVersion };

/** Nothing would change but the revision and times in `managedFields`: such a write is not made, as in Kubernetes. */
function sameContent(object: KubeObject, old: KubeObject): boolean {
  const content = ({ metadata, ...rest }: KubeObject): unknown => {
    const { resourceVersion, managedFields, ...others } = metadata;
    const managers = managedFields?.map(({ time, ...entry }) => ({ ...entry, time: time === undefined }));
    return {
      ...rest,
      metadata: { ...others, managers: managers ?? [], resourceVersion: resourceVersion === '' },
    };
  };
  return sameJson(content(object), content(old));
}
