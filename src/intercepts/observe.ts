/** Watches several collections at once until what they hold together allows a decision. */
import { createDeferred, type Clock, type Timer } from '../core/index.ts';
import { isToolError, type ToolError } from '../errors/index.ts';
import type { KubeClient, KubernetesObject } from '../kube/index.ts';
import { deriveSignal } from './derived-signal.ts';

/** How often a decision is asked for without any change, for those that depend on how long something has lasted. */
export const DECISION_INTERVAL_MS = 1000;

export interface Source {
  path: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Counts as empty when the user may not watch it; otherwise that is an error. */
  isOptional?: boolean;
}

/** Undefined: there is nothing to follow, the source is empty. */
type Sources<S extends Record<string, KubernetesObject>> = { [K in keyof S]: Source | undefined };
/** What each source holds now. */
export type Seen<S extends Record<string, KubernetesObject>> = { [K in keyof S]: S[K][] };

export interface ObserveOptions<S extends Record<string, KubernetesObject>, R> {
  clock: Clock;
  signal: AbortSignal;
  /** Asked after each change once every source was listed, and regularly. Undefined means: not yet. */
  decide: (seen: Seen<S>) => R | undefined;
}

/**
 * Follows `sources` until `decide` returns something, and returns that.
 * @throws `signal.reason`; what `decide` throws; KUBE_FORBIDDEN, KUBE_UNAUTHORIZED
 */
export async function observe<S extends Record<string, KubernetesObject>, R>(
  kube: Pick<KubeClient, 'follow'>,
  sources: Sources<S>,
  { clock, signal, decide }: ObserveOptions<S, R>,
): Promise<R> {
  signal.throwIfAborted();
  const outcome = createDeferred<R>();
  const end = new AbortController();
  const inner = deriveSignal(signal, end.signal);
  const seen = new Map<string, KubernetesObject[]>();
  const names = Object.keys(sources);
  let timer: Timer | undefined;

  const tryToDecide = (): void => {
    if (inner.aborted || seen.size < names.length) return;
    try {
      const result = decide(Object.fromEntries(seen) as Seen<S>);
      if (result !== undefined) outcome.resolve(result);
    } catch (error) {
      outcome.reject(error);
    }
  };
  const keepDeciding = (): void => {
    timer = clock.after(DECISION_INTERVAL_MS, () => {
      tryToDecide();
      keepDeciding();
    });
  };
  // On the signal that ends with this observation: a long-lived one would collect listeners.
  inner.addEventListener('abort', () => outcome.reject(inner.reason), { once: true });
  const follows = names.map((name) => {
    const source = sources[name];
    if (source === undefined) {
      seen.set(name, []);
      return Promise.resolve();
    }
    const { path, labelSelector, fieldSelector, isOptional = false } = source;
    return kube.follow(path, {
      labelSelector,
      fieldSelector,
      signal: inner,
      onChange: (items) => {
        seen.set(name, [...items.values()]);
        tryToDecide();
      },
      onError: (error) => {
        if (!isRefusal(error)) return;
        if (!isOptional) outcome.reject(error);
        else if (!seen.has(name)) {
          seen.set(name, []);
          tryToDecide();
        }
      },
    });
  });
  try {
    keepDeciding();
    return await Promise.race([outcome.promise, failureOf(follows)]);
  } finally {
    timer?.cancel();
    end.abort();
    await Promise.allSettled(follows);
  }
}

/** Other failures are tried again by the client, and show as waiting. */
function isRefusal(error: ToolError): boolean {
  return isToolError(error, 'KUBE_FORBIDDEN') || isToolError(error, 'KUBE_UNAUTHORIZED');
}

/** Rejects with the first of `follows` that fails; never resolves. */
function failureOf(follows: readonly Promise<void>[]): Promise<never> {
  const failure = createDeferred<never>();
  for (const follow of follows) follow.catch(failure.reject);
  return failure.promise;
}
