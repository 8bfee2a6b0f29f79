/** Watches: changes as JSON lines, from a revision on, with bookmarks. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../../core/index.ts';
import {
  badRequest,
  expired,
  type ApiError,
  type KubeObject,
  type ObjectChange,
  type ObjectStore,
} from '../../store/index.ts';
import { apiVersionOf } from '../resources.ts';
import type { Selects } from './list.ts';
import { shapeObject, type Shape } from './shape.ts';

/** How often an idle watch learns the current revision, when it asks for bookmarks. Milliseconds. */
export const bookmarkIntervalMs = 60_000;

/** Length of a watch that names none, in milliseconds; clients begin another one. */
export const watchTimeoutMs = 1_800_000;

/** Bytes that wait for a client that does not read; then its watch ends, and it lists again. */
export const maximumWatchBacklogBytes: number = 8 * 1024 * 1024;

export interface WatchRequest {
  query: URLSearchParams;
  selects: Selects;
  shape: Shape;
  clock: Clock;
}

/** Serves the watch until the client goes, or its time is over. @throws {ApiError} before anything is written */
export function serveWatch(store: ObjectStore, response: ServerResponse, request: WatchRequest): void {
  const { query, shape, clock, selects } = request;
  const resource = shape.definition.key;
  const since = query.get('resourceVersion') ?? '';
  const initial = query.get('sendInitialEvents') === 'true';
  const fresh = since === '' || since === '0' || initial;
  const from = Number(since);
  if (!fresh && !Number.isInteger(from))
    throw badRequest(`invalid resource version ${JSON.stringify(since)}`);
  const missed = fresh ? [] : store.changesSince(resource, from);
  const bookmarks = query.get('allowWatchBookmarks') === 'true';
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  let first = true;
  const write = (type: string, object: unknown): void => {
    response.write(`${JSON.stringify({ type, object })}\n`);
    if (response.writableLength > maximumWatchBacklogBytes) response.destroy();
  };
  const send = (type: string, object: KubeObject): void => {
    write(type, shapeObject(shape, object, first));
    first = false;
  };
  if (missed === undefined) {
    write('ERROR', gone(store, from).status);
    response.end();
    return;
  }
  const tell = (change: ObjectChange): void => {
    const type = seenAs(change, selects);
    // What leaves the selection is shown as it was, with the revision at which it left.
    if (type === 'DELETED' && change.type !== 'DELETED' && change.previous !== undefined)
      send(type, withRevision(change.previous, change.revision));
    else if (type !== undefined) send(type, change.object);
  };
  const bookmark = (annotations?: Record<string, string>): void => {
    const metadata = {
      resourceVersion: String(store.revision),
      ...(annotations === undefined ? {} : { annotations }),
    };
    const { definition } = shape;
    send('BOOKMARK', { kind: definition.kind, apiVersion: apiVersionOf(definition), metadata });
  };
  if (fresh && query.get('sendInitialEvents') !== 'false')
    for (const object of store.list(resource)) if (selects(object)) send('ADDED', object);
  if (initial && bookmarks) bookmark({ 'k8s.io/initial-events-end': 'true' });
  for (const change of missed) tell(change);
  const stop = store.listen(resource, tell);
  const ending = clock.after(timeoutMs(query), () => response.end());
  let beating = clock.after(bookmarkIntervalMs, beat);
  function beat(): void {
    if (bookmarks) bookmark();
    beating = clock.after(bookmarkIntervalMs, beat);
  }
  response.once('close', () => {
    stop();
    ending.cancel();
    beating.cancel();
  });
}

/** What a change is for someone who sees only what is selected. */
function seenAs({ type, object, previous }: ObjectChange, selects: Selects): string | undefined {
  const before = previous !== undefined && selects(previous);
  const after = type !== 'DELETED' && selects(object);
  if (after) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
}

function timeoutMs(query: URLSearchParams): number {
  const seconds = Number(query.get('timeoutSeconds') ?? 0);
  return seconds > 0 ? Math.min(seconds * 1_000, watchTimeoutMs) : watchTimeoutMs;
}

function withRevision(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

function gone(store: ObjectStore, from: number): ApiError {
  return expired(`too old resource version: ${from} (${store.revision})`);
}
