/**
 * Deletes a bare Pod and creates it again with another manifest. In between the Pod exists nowhere but here and in the
 * recovery store: from the deletion on nothing stops this half-way, and what a crash interrupts is completed later.
 */
import { describeError, type Clock } from '../core/index.ts';
import { kubeStatus, paths, type KubeClient, type V1ObjectMeta, type V1Pod } from '../kube/index.ts';
import { parseJson } from './agent-pieces.ts';
import { withOwnSignal, type OperationContext } from './context.ts';
import { observe } from './observe.ts';
import { podManifest } from './pod-manifest.ts';

/** Keeps manifests where they outlive this process. */
export interface PodRecovery {
  /** Writes durably before it resolves. */
  save(name: string, json: string): Promise<void>;
  remove(name: string): Promise<void>;
}

/** What the recovery store holds for one Pod. */
interface RecoveryRecord {
  version: 1;
  /** URL of the API server: the store holds Pods of any cluster. */
  server: string;
  manifest: V1Pod;
}

/** On top of the Pod's grace period: the kubelet's clean-up and a busy API server. */
const REPLACEMENT_MARGIN_MS = 60_000;
/** Kubernetes' default for `terminationGracePeriodSeconds`. */
const DEFAULT_GRACE_SECONDS = 30;

/**
 * Replaces `pod` by `manifest`, and returns the new Pod as soon as it is created.
 * If it cannot be created, the Pod is created as it was before, and the error thrown.
 */
export async function recreatePod(
  { kube, clock, logger, onProgress }: Pick<OperationContext, 'kube' | 'clock' | 'logger' | 'onProgress'>,
  { pod, manifest, recovery }: { pod: V1Pod; manifest: V1Pod; recovery: PodRecovery },
): Promise<V1Pod> {
  const { namespace = '', name = '', uid } = pod.metadata ?? {};
  const original = podManifest(pod, undefined);
  const record: RecoveryRecord = { version: 1, server: kube.server, manifest: original };
  const recoveryName = `${namespace}-${name}`;
  const graceSeconds = pod.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  return withOwnSignal(clock, graceSeconds * 1000 + REPLACEMENT_MARGIN_MS, async (signal) => {
    await recovery.save(recoveryName, JSON.stringify(record));
    onProgress({ step: `rollout pod/${name}`, message: `pod/${name}: ending, up to ${graceSeconds} s` });
    await kube.delete(paths.pods(namespace, name), {
      signal,
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    });
    const source = { path: paths.pods(namespace), fieldSelector: `metadata.name=${name}` };
    await observe<{ pods: V1Pod }, true>(
      kube,
      { pods: source },
      {
        clock,
        signal,
        decide: ({ pods }) => (pods.some(({ metadata }) => metadata?.uid === uid) ? undefined : true),
      },
    );
    const create = (body: V1Pod): Promise<V1Pod> =>
      kube.create<V1Pod>(paths.pods(namespace), body, { signal });
    const created = await create(manifest).catch(async (error: unknown) => {
      logger.warn('cannot create the Pod again, going back to the original', {
        name,
        reason: describeError(error),
      });
      await create(original);
      await recovery.remove(recoveryName);
      throw error;
    });
    await recovery.remove(recoveryName);
    return created;
  });
}

async function untilGone(
  kube: Pick<KubeClient, 'follow'>,
  { metadata, clock, signal }: { metadata: V1ObjectMeta; clock: Clock; signal: AbortSignal },
): Promise<void> {
  const { namespace = '', name = '', uid } = metadata;
  const source = { path: paths.pods(namespace), fieldSelector: `metadata.name=${name}` };
  await observe<{ pods: V1Pod }, true>(
    kube,
    { pods: source },
    {
      clock,
      signal,
      decide: ({ pods }) => (pods.some((pod) => pod.metadata?.uid === uid) ? undefined : true),
    },
  );
}

/**
 * Completes what an earlier process left half-way: creates the Pod of a recovery record unless it exists.
 * @returns false when the record is of another cluster: it is to be kept then
 */
export async function recoverPod(
  kube: Pick<KubeClient, 'server' | 'find' | 'create' | 'follow'>,
  json: string,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<boolean> {
  const record = parseJson(json) as RecoveryRecord | undefined;
  if (record?.server !== kube.server) return false;
  const { namespace = '', name = '' } = record.manifest.metadata ?? {};
  const present = await kube.find<V1Pod>(paths.pods(namespace, name), { signal });
  if (present !== undefined) {
    const { metadata = {} } = present;
    if (metadata.deletionTimestamp === undefined) return true;
    await untilGone(kube, { metadata, clock, signal });
  }
  try {
    await kube.create(paths.pods(namespace), record.manifest, { signal });
  } catch (error) {
    // Somebody else was faster: the Pod is there.
    if (kubeStatus(error)?.status !== 409) throw error;
  }
  return true;
}
