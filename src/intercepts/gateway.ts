/** Sees to it that a namespace has a gateway, which several people can use at once. */
import { GATEWAY, type Progress } from '../contract/index.ts';
import { describeError, type Clock, type Logger } from '../core/index.ts';
import { isToolError, raise } from '../errors/index.ts';
import { kubeStatus, paths, type CoreV1Event, type KubeClient, type V1Pod } from '../kube/index.ts';
import { ensureCertificates } from './certificates.ts';
import { deriveSignal } from './derived-signal.ts';
import { createDeadline, type Deadline } from './deadline.ts';
import {
  gatewayAccount,
  gatewayPod,
  gatewayRole,
  gatewayRoleBinding,
  isOurs,
  ownedBy,
} from './gateway-objects.ts';
import { observe } from './observe.ts';
import { judgePod, oneLine, type PodFailure } from './pod-state.ts';
import { rightsTable } from './rights-table.ts';
import { assertRights, toRights } from './rights.ts';

export interface EnsureGatewayOptions {
  namespace: string;
  /** Used where no gateway runs yet. */
  image: string;
  timeoutMs: number;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/** Wait between tries while Kubernetes makes the token of a new ServiceAccount (before 1.24), or ends an old gateway. */
const RETRY_MS = 250;

/**
 * Returns the name of the gateway's pod, which is ready then.
 * @throws {GATEWAY_FAILED, IMAGE_NOT_PULLABLE, NAMESPACE_NOT_FOUND, KUBE_FORBIDDEN} and other KUBE_*
 */
export async function ensureGateway(kube: KubeClient, given: EnsureGatewayOptions): Promise<{ pod: string }> {
  const options = { ...given, signal: deriveSignal(given.signal) };
  const { namespace, image, clock, signal } = options;
  const deadline = createDeadline(clock, options.timeoutMs);
  const path = paths.pods(namespace, GATEWAY);
  await assertRights(kube, ['tunnel', 'connect'], { action: 'connect', namespace, signal });
  await ensureCertificates(kube, namespace, { clock, signal });
  for (;;) {
    const pod = (await kube.find<V1Pod>(path, { signal })) ?? (await create(kube, options, deadline));
    if (!isOurs(pod)) raise('GATEWAY_FAILED', { reason: `there is a Pod ${GATEWAY} that tp did not create` });
    if (hasEnded(pod)) await kube.delete(path, { signal, preconditions: { uid: pod.metadata?.uid ?? '' } });
    const outcome = await awaitReady(kube, pod, options, deadline);
    if (outcome.kind === 'ready') return { pod: GATEWAY };
    if (outcome.kind === 'gone') continue;
    // It does not come up, for nobody: make room.
    await kube.delete(path, { signal, preconditions: { uid: pod.metadata?.uid ?? '' } });
    const used = pod.spec?.containers[0]?.image ?? image;
    if (outcome.kind === 'timeout') raise('GATEWAY_FAILED', { reason: outcome.text });
    const { kind, reason } = outcome.failure;
    if (kind !== 'agent-image') raise('GATEWAY_FAILED', { reason });
    if (used === image)
      raise('IMAGE_NOT_PULLABLE', { image, workload: `pod/${GATEWAY}`, reason, undone: true });
  }
}

/** Deletes the gateway, and with it all that it owns. Success also when there is none. */
export async function removeGateway(
  kube: Pick<KubeClient, 'find' | 'delete'>,
  { namespace, signal }: { namespace: string; signal: AbortSignal },
): Promise<boolean> {
  const path = paths.pods(namespace, GATEWAY);
  const pod = await kube.find<V1Pod>(path, { signal });
  if (pod === undefined || !isOurs(pod)) return false;
  await kube.delete(path, { signal, preconditions: { uid: pod.metadata?.uid ?? '' } });
  return true;
}

function hasEnded(pod: V1Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

type Outcome =
  | { kind: 'ready' }
  /** Deleted, or replaced by another one. */
  | { kind: 'gone' }
  | { kind: 'failed'; failure: PodFailure }
  | { kind: 'timeout'; text: string };

async function awaitReady(
  kube: KubeClient,
  pod: V1Pod,
  { namespace, clock, signal, onProgress }: EnsureGatewayOptions,
  deadline: Deadline,
): Promise<Outcome> {
  const uid = pod.metadata?.uid;
  let reported = '';
  return observe<{ pods: V1Pod; events: CoreV1Event }, Outcome>(
    kube,
    {
      pods: { path: paths.pods(namespace), fieldSelector: `metadata.name=${GATEWAY}` },
      events: {
        path: paths.events(namespace),
        fieldSelector: `involvedObject.name=${GATEWAY},type=Warning`,
        isOptional: true,
      },
    },
    {
      clock,
      signal,
      decide: ({ pods: [current], events }) => {
        if (current === undefined || current.metadata?.uid !== uid) return { kind: 'gone' };
        const isEnding = current.metadata?.deletionTimestamp !== undefined || hasEnded(current);
        const state = judgePod(
          current,
          events.filter(({ involvedObject }) => involvedObject.uid === uid),
        );
        if (!isEnding && state.isReady) return { kind: 'ready' };
        if (!isEnding && state.failure !== undefined) return { kind: 'failed', failure: state.failure };
        const text = isEnding ? 'the end of an earlier one' : state.waitsFor;
        if (deadline.isOver())
          return {
            kind: 'timeout',
            text: `not ready after ${deadline.timeoutMs / 1000} s, waits for ${text}`,
          };
        if (text !== reported)
          onProgress({
            step: 'gateway',
            message: `the gateway waits for ${text} (${deadline.elapsedSeconds()} s)`,
          });
        reported = text;
        return undefined;
      },
    },
  );
}

/** Creates the pod, or returns the one that somebody else created at the same time. */
async function create(kube: KubeClient, options: EnsureGatewayOptions, deadline: Deadline): Promise<V1Pod> {
  const { namespace, image, clock, logger, signal, onProgress } = options;
  const canDeleteItself = await createAccount(kube, options);
  const body = gatewayPod({ namespace, image, canDeleteItself });
  onProgress({ step: 'gateway', message: 'creating the gateway' });
  for (;;) {
    try {
      const pod = await kube.create<V1Pod>(paths.pods(namespace), body, { signal });
      if (canDeleteItself) await giveRights(kube, pod, options);
      return pod;
    } catch (error) {
      const found = await kube.find<V1Pod>(paths.pods(namespace, GATEWAY), { signal });
      if (found !== undefined) {
        // The ServiceAccount may have lost its owner to our `createAccount`.
        if (found.spec?.serviceAccountName === GATEWAY) await giveRights(kube, found, options);
        return found;
      }
      const { status, kubeReason } = kubeStatus(error) ?? {};
      if (status === 404) raise('NAMESPACE_NOT_FOUND', { namespace }, { cause: error });
      const isTransient = status === 409 || kubeReason === 'ServerTimeout';
      if (!isTransient || deadline.isOver()) throw refusal(error);
      logger.debug('the gateway cannot be created yet', { reason: describeError(error) });
    }
    await clock.sleep(RETRY_MS, { signal });
  }
}

/** Quotas, admission webhooks and Pod Security answer with the reason why the pod is not wanted. */
function refusal(error: unknown): unknown {
  if (!isToolError(error, 'KUBE_REQUEST_FAILED')) return error;
  raise('GATEWAY_FAILED', { reason: oneLine(String(error.details['reason'])) }, { cause: error });
}

/** @returns whether the gateway can be allowed to delete itself, and its ServiceAccount exists */
async function createAccount(
  kube: KubeClient,
  { namespace, logger, signal }: EnsureGatewayOptions,
): Promise<boolean> {
  const rows = rightsTable.connect.filter(
    ({ names, otherwise }) => names !== undefined || otherwise !== undefined,
  );
  const missing = await kube.missingRights(
    rows.flatMap((row) => toRights(row, namespace)),
    { signal },
  );
  if (missing.length > 0) {
    logger.info('the gateway cannot delete itself', { missing });
    return false;
  }
  try {
    await kube.create(paths.serviceAccounts(namespace), gatewayAccount(namespace), { signal });
  } catch (error) {
    if (kubeStatus(error)?.status !== 409) throw error;
    // Left by an earlier gateway: it must not be collected as that one's property.
    await setOwner(kube, paths.serviceAccounts(namespace, GATEWAY), null, signal);
  }
  return true;
}

/** Allows the gateway to delete itself, and makes all of it go with the pod. */
async function giveRights(
  kube: KubeClient,
  pod: V1Pod,
  { namespace, logger, signal }: EnsureGatewayOptions,
): Promise<void> {
  const owner = ownedBy(pod);
  const createOrAdopt = async (
    path: (namespace: string, name?: string) => string,
    body: object,
  ): Promise<void> => {
    try {
      await kube.create(path(namespace), body, { signal });
    } catch (error) {
      if (kubeStatus(error)?.status !== 409) throw error;
      await setOwner(kube, path(namespace, GATEWAY), [owner], signal);
    }
  };
  try {
    await Promise.all([
      setOwner(kube, paths.serviceAccounts(namespace, GATEWAY), [owner], signal),
      createOrAdopt(paths.roles, gatewayRole(namespace, owner)),
      createOrAdopt(paths.roleBindings, gatewayRoleBinding(namespace, owner)),
    ]);
  } catch (error) {
    // It would be started again each time that it ends.
    logger.warn('the gateway got no right to delete itself', { reason: describeError(error) });
    await removeGateway(kube, { namespace, signal });
    throw error;
  }
}

async function setOwner(
  kube: Pick<KubeClient, 'patch'>,
  path: string,
  ownerReferences: object[] | null,
  signal: AbortSignal,
): Promise<void> {
  await kube.patch(path, { metadata: { ownerReferences } }, { type: 'merge', signal });
}
