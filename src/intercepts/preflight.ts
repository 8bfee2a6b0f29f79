/** What would keep an injection from working, found before anything is changed. */
import { raise } from '../errors/index.ts';
import { kubeStatus, paths, type KubeClient, type V1Pod, type V1PodSpec } from '../kube/index.ts';
import { applyPatch, type PatchOperation } from './json-patch.ts';
import { oneLine } from './pod-state.ts';
import { replacesNoPods, templateOf, toWorkload, wantedReplicas, type Workload } from './workload.ts';

/**
 * Refuses workloads whose pods an agent cannot join, or whose pods would not follow a new template.
 * @throws {TARGET_UNSUPPORTED}
 */
export function assertInjectable(workload: Workload): void {
  const reason = whyNotInjectable(workload);
  if (reason !== undefined) raise('TARGET_UNSUPPORTED', { target: workload.label, reason });
}

/** The reason in half a sentence; undefined when nothing speaks against it. */
export function whyNotInjectable(workload: Workload): string | undefined {
  const { spec } = templateOf(workload);
  if (workload.object.metadata?.deletionTimestamp !== undefined) return 'it is being deleted';
  if (isWindows(spec)) return 'its pods run on Windows, and the agent is a Linux program';
  if (spec?.hostNetwork === true)
    return 'its pods use the network of their node (hostNetwork), where an agent would take ports of the whole node';
  if (workload.kind === 'Deployment' && workload.object.spec?.paused === true)
    return `its rollout is paused; run first: kubectl rollout resume ${workload.label}`;
  if (partitionOf(workload) > 0)
    return `its updateStrategy holds pods back (partition ${partitionOf(workload)}), so that they would get no agent`;
  if (wantedReplicas(workload) === 0)
    return workload.kind === 'DaemonSet'
      ? 'no node takes a pod of it'
      : `it is scaled to 0, so that there is no pod to intercept; run first: kubectl scale ${workload.label} --replicas=1`;
  return undefined;
}

function isWindows(spec: V1PodSpec | undefined): boolean {
  return spec?.os?.name === 'windows' || spec?.nodeSelector?.['kubernetes.io/os'] === 'windows';
}

/** Pods of a StatefulSet below this number keep the old template. */
function partitionOf(workload: Workload): number {
  if (workload.kind !== 'StatefulSet') return 0;
  return workload.object.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
}

/**
 * Asks the API server whether it would admit a pod of `workload` after `patch`: quotas, LimitRanges, Pod Security and
 * admission webhooks answer, and nothing is created.
 * @throws {POD_REFUSED} with their reason
 */
export async function assertAdmitted(
  kube: Pick<KubeClient, 'create'>,
  workload: Workload,
  patch: readonly PatchOperation[],
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const { kind, namespace, label } = workload;
  const changed = toWorkload(kind, namespace, applyPatch(workload.object, patch));
  try {
    await kube.create(paths.pods(namespace), samplePod(changed), { dryRun: true, signal });
  } catch (error) {
    const answer = kubeStatus(error);
    const message = (error as { details?: { reason?: unknown } }).details?.reason;
    const reason = typeof message === 'string' ? oneLine(message) : '';
    if (answer === undefined || !isRefusal(answer.status, reason, workload)) return;
    raise('POD_REFUSED', { workload: label, reason }, { cause: error });
  }
}

/** A pod as the workload's controller would make it. */
function samplePod(workload: Workload): V1Pod {
  const { metadata, spec } = templateOf(workload);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${workload.name}-`,
      namespace: workload.namespace,
      ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
      ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
    },
    spec: { containers: [], ...spec, ...withClaims(workload, spec) },
  };
}

/** Containers of a StatefulSet mount volumes that its controller adds to each pod. */
function withClaims(workload: Workload, spec: V1PodSpec | undefined): Partial<V1PodSpec> {
  if (workload.kind !== 'StatefulSet') return {};
  const claims = (workload.object.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => {
    const name = metadata?.name ?? '';
    return { name, persistentVolumeClaim: { claimName: `${name}-${workload.name}-0` } };
  });
  const names = new Set(claims.map(({ name }) => name));
  const volumes = (spec?.volumes ?? []).filter(({ name }) => !names.has(name));
  return claims.length === 0 ? {} : { volumes: [...volumes, ...claims] };
}

/**
 * Tells a refusal of the pod from a reason not to know: the user may not create pods, or an admission webhook cannot
 * work with dry runs. A full quota refuses one more pod, but does not keep a controller from replacing one.
 */
function isRefusal(status: number, reason: string, workload: Workload): boolean {
  if (reason === '' || reason.includes('does not support dry run')) return false;
  if (reason.includes('exceeded quota')) return startsBeforeItStops(workload);
  return status === 400 || status === 403 || status === 422 || status === 500;
}

/** A rollout needs room for one more pod than there are. */
function startsBeforeItStops(workload: Workload): boolean {
  if (replacesNoPods(workload)) return false;
  if (workload.kind === 'DaemonSet')
    return !isNone(workload.object.spec?.updateStrategy?.rollingUpdate?.maxSurge ?? 0);
  if (workload.kind !== 'Deployment') return false;
  const { strategy, replicas = 1 } = workload.object.spec ?? {};
  if (strategy?.type === 'Recreate') return false;
  const { maxUnavailable = '25%', maxSurge = '25%' } = strategy?.rollingUpdate ?? {};
  // Kubernetes rounds maxUnavailable down, and takes 1 when both come to nothing.
  const unavailable =
    typeof maxUnavailable === 'number'
      ? maxUnavailable
      : Math.floor((Number.parseFloat(maxUnavailable) / 100) * replicas);
  return unavailable === 0 && !isNone(maxSurge);
}

function isNone(amount: number | string): boolean {
  return Number.parseFloat(String(amount)) === 0;
}
