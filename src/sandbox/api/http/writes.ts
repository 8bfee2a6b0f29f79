/** Creates, updates, patches and deletions as clients ask for them. */
import {
  ApiError,
  badRequest,
  forbidden,
  mapIn,
  mutableCopy,
  notFound,
  textOf,
  type JsonMap,
  type KubeObject,
} from '../../store/index.ts';
import { applyConfiguration } from '../apply/server-side-apply.ts';
import { applyJsonPatch, applyMergePatch } from '../patch/json-patch.ts';
import { applyStrategicPatch, otherKind } from '../patch/strategic.ts';
import { subject, type Registry, type WriteOptions } from '../registry.ts';
import { apiVersionOf, type ResourceDefinition } from '../resources.ts';
import { decode } from '../schema/decode.ts';
import type { UserInfo } from '../user.ts';
import { asObject, parseBody, unsupportedMediaType } from './body.ts';

export interface Write {
  registry: Registry;
  definition: ResourceDefinition;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
  query: URLSearchParams;
  contentType: string;
  body: Buffer;
  user: UserInfo;
  userAgent: string;
  /** Shown to the client in `Warning` headers. */
  warn: (text: string) => void;
}

type Validation = 'Ignore' | 'Warn' | 'Strict';

export function writeOptions(write: Write): WriteOptions {
  const { query, user, userAgent, subresource } = write;
  const dryRun = query.getAll('dryRun');
  if (dryRun.some((value) => value !== 'All'))
    throw badRequest(`dryRun: Unsupported value: ${JSON.stringify(dryRun[0])}: supported values: "All"`);
  const [program = 'unknown'] = userAgent.split('/');
  return { user, manager: query.get('fieldManager') ?? program, dryRun: dryRun.length > 0, subresource };
}

export async function create(write: Write): Promise<KubeObject> {
  const { registry, definition, namespace, query } = write;
  const object = readObject(write, asObject(parseBody(write.body, write.contentType)), query);
  if (definition.namespaced && namespace === undefined)
    throw badRequest('an empty namespace may not be set during creation');
  return await registry.create(definition, namespace, object, writeOptions(write));
}

export async function update(write: Write): Promise<KubeObject> {
  const object = readObject(write, asObject(parseBody(write.body, write.contentType)), write.query);
  if ((object.metadata.name ?? '') === '')
    throw badRequest('the name of the object (none) does not match the name on the URL');
  return await write.registry.update(
    write.definition,
    placeOf(write),
    () => mutableCopy(object),
    writeOptions(write),
  );
}

export async function patch(write: Write): Promise<{ object: KubeObject; created: boolean }> {
  const type = write.contentType.split(';')[0]?.trim() ?? '';
  const document = parseBody(write.body, type);
  if (type === 'application/apply-patch+yaml') return await apply(write, asObject(document));
  const change = patcher(write, type, document);
  const object = await write.registry.update(
    write.definition,
    placeOf(write),
    (copy, old) => {
      const next = readObject(write, asObject(change(copy)), write.query);
      // A patch that names no revision is made on whatever is there.
      if (next.metadata.resourceVersion === old.metadata.resourceVersion)
        delete next.metadata.resourceVersion;
      return next;
    },
    writeOptions(write),
  );
  return { object, created: false };
}

function patcher({ definition }: Write, type: string, document: unknown): (copy: KubeObject) => unknown {
  switch (type) {
    case 'application/json-patch+json':
      return (copy) => applyJsonPatch(copy, document);
    case 'application/merge-patch+json':
      return (copy) => applyMergePatch(copy, asObject(document));
    case 'application/strategic-merge-patch+json':
      return (copy) => {
        const map = asObject(document);
        const wrong = otherKind(copy, map);
        if (wrong !== undefined) throw badRequest(`the patch is for another ${wrong} than the object's`);
        return applyStrategicPatch(copy, map, definition.type);
      };
    default:
      throw unsupportedMediaType(type);
  }
}

async function apply(write: Write, document: JsonMap): Promise<{ object: KubeObject; created: boolean }> {
  const { registry, definition, query } = write;
  const manager = query.get('fieldManager') ?? '';
  if (manager === '')
    throw new ApiError({
      ...badRequest(
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      ).status,
      code: 422,
      reason: 'Invalid',
    });
  const configuration = readObject(write, document, query);
  if ((configuration.metadata.managedFields ?? []).length > 0)
    throw badRequest('metadata.managedFields must be nil');
  const place = placeOf(write);
  const options: WriteOptions = { ...writeOptions(write), apply: true };
  const force = query.get('force') === 'true';
  const merge = (live: KubeObject | undefined): KubeObject =>
    applyConfiguration(definition, live, configuration, {
      manager,
      force,
      time: registry.now(),
      ...(write.subresource === undefined ? {} : { subresource: write.subresource }),
    });
  const exists = registry.store.get(definition.key, place.namespace, place.name) !== undefined;
  if (exists || write.subresource !== undefined) {
    const object = await registry.update(definition, place, (_copy, live) => merge(live), options);
    return { object, created: false };
  }
  if ((configuration.metadata.uid ?? '') !== '') throw notFound(subject(definition, place.name));
  return {
    object: await registry.create(definition, place.namespace, merge(undefined), options),
    created: true,
  };
}

export async function remove(write: Write): Promise<JsonMap> {
  const { object, gone } = await write.registry.delete(
    write.definition,
    placeOf(write),
    deleteChoices(write),
    writeOptions(write),
  );
  // Kubernetes answers with the object where it goes on for a while, and with a Status where it is gone.
  if (!gone || write.definition.key === 'pods') return object;
  const { name = '', uid = '' } = object.metadata;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name,
      ...(write.definition.group === '' ? {} : { group: write.definition.group }),
      kind: write.definition.plural,
      uid,
    },
  };
}

export function deleteChoices({ body, contentType, query }: Pick<Write, 'body' | 'contentType' | 'query'>): {
  uid?: string;
  resourceVersion?: string;
  gracePeriodSeconds?: number;
  propagationPolicy?: string;
} {
  const options = body.length === 0 ? {} : asObject(parseBody(body, contentType));
  const preconditions = mapIn(options, 'preconditions');
  const grace = options['gracePeriodSeconds'] ?? query.get('gracePeriodSeconds') ?? undefined;
  const policy = options['propagationPolicy'] ?? query.get('propagationPolicy') ?? undefined;
  const orphan = options['orphanDependents'] === true ? 'Orphan' : undefined;
  if (Array.isArray(options['dryRun']) && options['dryRun'].length > 0) query.set('dryRun', 'All');
  return {
    ...optional('uid', preconditions['uid']),
    ...optional('resourceVersion', preconditions['resourceVersion']),
    ...(grace === undefined ? {} : { gracePeriodSeconds: Number(grace) }),
    ...optional('propagationPolicy', policy ?? orphan),
  };
}

function optional<Key extends string>(key: Key, value: unknown): Partial<Record<Key, string>> {
  return typeof value === 'string' ? ({ [key]: value } as Record<Key, string>) : {};
}

/** The object with only the fields of its type. @throws {ApiError} 400 */
export function readObject(
  { definition, warn }: Pick<Write, 'definition' | 'warn'>,
  given: JsonMap,
  query: URLSearchParams,
): KubeObject {
  const wanted = apiVersionOf(definition);
  const [apiVersion, kind] = [textOf(given['apiVersion']), textOf(given['kind'])];
  if (kind !== '' && kind !== definition.kind)
    throw badRequest(
      `${definition.kind} in version ${JSON.stringify(definition.version)} cannot be handled as a ${kind}: the object's kind does not match the resource of the URL`,
    );
  if (apiVersion !== '' && apiVersion !== wanted)
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${wanted})`,
    );
  const { value, unknown } = decode(given, definition.type);
  const validation = (query.get('fieldValidation') ?? 'Warn') as Validation;
  const problems = unknown.map((path) => `unknown field ${JSON.stringify(path)}`);
  if (problems.length > 0 && validation === 'Strict')
    throw badRequest(
      `${definition.kind} in version ${JSON.stringify(definition.version)} cannot be handled as a ${definition.kind}: strict decoding error: ${problems.join(', ')}`,
    );
  if (validation === 'Warn') problems.forEach(warn);
  return { ...value, apiVersion: wanted, kind: definition.kind, metadata: mapIn(value, 'metadata') };
}

function placeOf({ namespace, name, definition }: Write): { namespace?: string; name: string } {
  if (definition.namespaced && namespace === undefined)
    throw forbidden(subject(definition, name), 'an object of a namespace cannot be written without it');
  return { ...(definition.namespaced && namespace !== undefined ? { namespace } : {}), name: name ?? '' };
}
