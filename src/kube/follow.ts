/** Keeps a map of the objects in a collection up to date: list, watch, and again after any failure. */
import type { IncomingMessage } from 'node:http';
import { createBackoff, type Clock } from '../core/index.ts';
import { isToolError } from '../errors/index.ts';
import type { FollowOptions, ListOptions, Query } from './kube-client.ts';
import { fromAnswer, fromNetworkError, kubeStatus } from './kube-errors.ts';
import type { KubernetesObject } from './types.ts';
import { WatchDecoder, type WatchEvent } from './watch-decoder.ts';

/**
 * How long the server keeps one watch open. It bounds how long a watch that died unnoticed (a proxy that swallows it)
 * can go on; client-go uses 5 to 10 minutes.
 */
export const watchTimeoutSeconds = 300;

/** After this much more than {@link watchTimeoutSeconds} the client ends the watch itself. */
export const watchGraceSeconds = 15;

/** Waits between tries: short after the first failure, since most are a connection that was closed. */
export const retryBackoff = { initialMs: 200, maximumMs: 10_000 } as const;

/** A watch that lasted so long was healthy: the waits start again from the shortest. */
export const healthyWatchMs = 5_000;

export interface FollowContext {
  clock: Clock;
  server: string;
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller names the type of the JSON
  list: <T>(path: string, options: ListOptions) => Promise<{ items: T[]; resourceVersion: string }>;
  stream: (path: string, query: Query, signal: AbortSignal) => Promise<IncomingMessage>;
}

/** Follows the collection at `path` until `signal` aborts. Only what `onChange` throws comes out of it. */
export async function follow<T extends KubernetesObject>(
  context: FollowContext,
  path: string,
  options: FollowOptions<T>,
): Promise<void> {
  const { clock } = context;
  const { signal, onError } = options;
  const backoff = createBackoff(retryBackoff);
  const view = new View<T>(options.onChange);
  while (!signal.aborted) {
    const startedMs = clock.monotonicMs();
    try {
      if (view.resourceVersion === undefined) view.replace(await context.list<T>(path, options));
      await watchOnce(context, path, options, view);
    } catch (error) {
      if (isAborted(signal)) return;
      if (!isToolError(error)) throw error;
      if (isGone(error)) view.forget();
      else onError?.(error);
    }
    if (clock.monotonicMs() - startedMs >= healthyWatchMs) backoff.reset();
    await clock.sleep(backoff.nextMs(), { signal }).catch(() => undefined);
  }
}

/** Reads the flag anew; the compiler takes it for constant within the loop. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** The objects by name, and how much of their history is in them. */
class View<T extends KubernetesObject> {
  readonly #onChange: FollowOptions<T>['onChange'];
  #items = new Map<string, T>();
  #resourceVersion: string | undefined;

  constructor(onChange: FollowOptions<T>['onChange']) {
    this.#onChange = onChange;
  }

  /** Where the next watch starts; undefined when a list is needed first. */
  get resourceVersion(): string | undefined {
    return this.#resourceVersion;
  }

  replace({ items, resourceVersion }: { items: T[]; resourceVersion: string }): void {
    this.#items = new Map(items.map((item) => [nameOf(item), item]));
    this.#resourceVersion = resourceVersion;
    this.#onChange(this.#items);
  }

  /** Takes the changes of one batch and reports them together. */
  apply(events: readonly WatchEvent<T>[]): void {
    let hasChanged = false;
    for (const event of events) {
      if (event.type === 'ERROR') continue;
      this.#resourceVersion = event.object.metadata?.resourceVersion ?? this.#resourceVersion;
      if (event.type === 'BOOKMARK') continue;
      if (event.type === 'DELETED') this.#items.delete(nameOf(event.object));
      else this.#items.set(nameOf(event.object), event.object);
      hasChanged = true;
    }
    if (hasChanged) this.#onChange(this.#items);
  }

  /** The server no longer has the history that follows. */
  forget(): void {
    this.#resourceVersion = undefined;
  }
}

function nameOf(object: KubernetesObject): string {
  return object.metadata?.name ?? '';
}

/** Watches from the view's resourceVersion until the server ends the watch. */
async function watchOnce<T extends KubernetesObject>(
  { clock, server, stream }: FollowContext,
  path: string,
  { labelSelector, fieldSelector, signal }: FollowOptions<T>,
  view: View<T>,
): Promise<void> {
  const query = {
    labelSelector,
    fieldSelector,
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion: view.resourceVersion,
    timeoutSeconds: watchTimeoutSeconds,
  };
  const response = await stream(path, query, signal);
  const timer = clock.after((watchTimeoutSeconds + watchGraceSeconds) * 1000, () => response.destroy());
  try {
    const decoder = new WatchDecoder<T>(server);
    for await (const chunk of readChunks(response, server)) {
      const events = decoder.receive(chunk);
      view.apply(events);
      const failure = events.find((event) => event.type === 'ERROR')?.object;
      if (failure !== undefined) {
        throw fromAnswer(failure.code ?? 0, JSON.stringify(failure), { method: 'GET', path, server });
      }
    }
  } finally {
    timer.cancel();
    response.destroy();
  }
}

async function* readChunks(response: IncomingMessage, server: string): AsyncGenerator<Buffer> {
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (error) {
    throw fromNetworkError(error, server);
  }
}

function isGone(error: unknown): boolean {
  return kubeStatus(error)?.status === 410;
}
