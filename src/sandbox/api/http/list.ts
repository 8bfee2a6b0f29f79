/** Lists: selectors, and paging whose pages all show the state of the first one's time where it is still known. */
import {
  badRequest,
  expired,
  parseFieldSelector,
  parseLabelSelector,
  type JsonMap,
  type KubeObject,
  type ObjectStore,
} from '../../store/index.ts';
import type { ResourceDefinition } from '../resources.ts';

export type Selects = (object: KubeObject) => boolean;

/** @throws {ApiError} 400 */
export function selection(
  definition: ResourceDefinition,
  query: URLSearchParams,
  namespace?: string,
  name?: string,
): Selects {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '');
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '', definition.fieldSelectors);
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    labels(object.metadata.labels ?? {}) &&
    fields(object);
}

export interface Page {
  objects: readonly KubeObject[];
  metadata: JsonMap;
}

/** Where the next page goes on. */
interface Continuation {
  revision: number;
  /** The last object of the page before. */
  after: string;
}

/** @throws {ApiError} 400, or 410 when objects were written since the first page so long ago that it is forgotten */
export function listPage(
  store: ObjectStore,
  definition: ResourceDefinition,
  query: URLSearchParams,
  namespace?: string,
): Page {
  const selects = selection(definition, query, namespace);
  const limit = Number(query.get('limit') ?? 0);
  const token = query.get('continue') ?? '';
  const from = token === '' ? undefined : readContinuation(token);
  const state =
    from === undefined ? store.list(definition.key) : stateAt(store, definition.key, from.revision);
  const revision = from?.revision ?? store.revision;
  const wanted = state.filter(
    (object) => selects(object) && (from === undefined || place(object) > from.after),
  );
  const objects = limit > 0 ? wanted.slice(0, limit) : wanted;
  const last = objects.at(-1);
  const metadata: JsonMap = { resourceVersion: String(revision) };
  if (last !== undefined && objects.length < wanted.length) {
    metadata['continue'] = writeContinuation({ revision, after: place(last) });
    // With a selector Kubernetes does not know how many are left.
    if (!query.has('labelSelector') && !query.has('fieldSelector'))
      metadata['remainingItemCount'] = wanted.length - objects.length;
  }
  return { objects, metadata };
}

/** The objects as they were: today's, with the changes since then undone. */
function stateAt(store: ObjectStore, resource: string, revision: number): readonly KubeObject[] {
  const changes = store.changesSince(resource, revision);
  if (changes === undefined)
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.',
    );
  if (changes.length === 0) return store.list(resource);
  const objects = new Map(store.list(resource).map((object) => [place(object), object]));
  for (const { object, previous } of [...changes].reverse()) {
    if (previous === undefined) objects.delete(place(object));
    else objects.set(place(object), previous);
  }
  return [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
}

const place = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;

function writeContinuation(continuation: Continuation): string {
  return Buffer.from(JSON.stringify(continuation)).toString('base64url');
}

function readContinuation(token: string): Continuation {
  try {
    const { revision, after } = JSON.parse(
      Buffer.from(token, 'base64url').toString(),
    ) as Partial<Continuation>;
    if (typeof revision === 'number' && typeof after === 'string') return { revision, after };
  } catch {
    // Refused below.
  }
  throw badRequest('continue key is not valid');
}
