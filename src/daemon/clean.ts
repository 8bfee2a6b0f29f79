/** Removes everything of `tp` from a namespace or a cluster, whoever left it there, but for what somebody uses. */
import type { CleanedNamespace, CleanRequest, CleanResult, Progress } from '../contract/index.ts';
import { toWire } from '../errors/index.ts';
import type { Clock, Logger } from '../core/index.ts';
import { findTraces, uninstall, type PodRecovery } from '../intercepts/index.ts';
import { paths, type KubeClient, type KubernetesObject } from '../kube/index.ts';
import { createAgentConnector } from './agent-connector.ts';
import { findUse } from './agent-use.ts';

/** An agent hears of the end of a session of ours a moment after us. */
const ASK_AGAIN_MS = 250;
const ASK_TIMES = 8;

export interface CleanOptions {
  /** A client for `namespace`; without one, for the namespace that the request means. The callee closes it. */
  openClient: (namespace?: string) => Promise<KubeClient>;
  /** Ends this daemon's own connection to the namespace of `kube`, if there is one: it stands on what is about to go. */
  endOwnConnection: (kube: KubeClient) => Promise<void>;
  recovery: PodRecovery;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/**
 * One namespace: fails as `uninstall()` does. All of them: a namespace that fails says so in its own entry, and the others
 * are cleaned.
 * @throws KUBE_*
 */
export async function cleanCluster(request: CleanRequest, options: CleanOptions): Promise<CleanResult> {
  const first = await options.openClient();
  try {
    if (!request.allNamespaces) return { namespaces: withTraces([await clean(first, request, options)]) };
    const { items } = await first.list<KubernetesObject>(paths.namespaces(), { signal: options.signal });
    const results: CleanResult['namespaces'] = [];
    for (const { metadata } of items) {
      const namespace = metadata?.name ?? '';
      options.onProgress({ step: 'namespace', message: `looking at namespace ${namespace}` });
      const kube = await options.openClient(namespace);
      try {
        results.push(await clean(kube, request, options));
      } catch (error) {
        options.signal.throwIfAborted();
        results.push({ namespace, removed: [], left: [], error: toWire(error) });
      } finally {
        kube.close();
      }
    }
    return { namespaces: withTraces(results) };
  } finally {
    first.close();
  }
}

function withTraces(results: CleanResult['namespaces']): CleanResult['namespaces'] {
  return results.filter(
    ({ removed, left, error }) => removed.length > 0 || left.length > 0 || error !== undefined,
  );
}

async function clean(
  kube: KubeClient,
  { remove, force, timeoutSeconds }: CleanRequest,
  options: CleanOptions,
): Promise<CleanedNamespace> {
  const { namespace } = kube;
  const { recovery, clock, logger, signal, onProgress } = options;
  if (remove) await options.endOwnConnection(kube);
  const connector = createAgentConnector({ kube, clock, logger });
  let use = await findUse({ kube, connector, logger, signal });
  for (let times = 1; remove && !force && use.size > 0 && times < ASK_TIMES; times++) {
    await clock.sleep(ASK_AGAIN_MS, { signal });
    use = await findUse({ kube, connector, logger, signal });
  }
  const found = await findTraces(kube, { namespace, use, logger, signal });
  if (!remove || found.length === 0) return { namespace, removed: [], left: found };
  const spare = force ? new Set<string>() : new Set(use.keys());
  await uninstall(kube, {
    namespace,
    spare,
    timeoutMs: timeoutSeconds * 1000,
    confirmed: true,
    recovery,
    clock,
    logger,
    signal,
    onProgress,
  });
  const left = await findTraces(kube, { namespace, use: force ? new Map() : use, logger, signal });
  const isLeft = (object: string): boolean => left.some((trace) => trace.object === object);
  return { namespace, removed: found.map(({ object }) => object).filter((object) => !isLeft(object)), left };
}
