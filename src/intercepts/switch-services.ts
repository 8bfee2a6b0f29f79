/** Switches Services to the agent and back, in the cluster. */
import type { Clock } from '../core/index.ts';
import { kubeStatus, paths, type KubeClient, type V1Service } from '../kube/index.ts';
import type { PatchOperation } from './json-patch.ts';
import { patchLocked } from './locked-patch.ts';
import type { ServiceSwitch } from './plan-intercept.ts';
import { planRestore, planSwitch } from './service-switch.ts';

type SwitchKube = Pick<KubeClient, 'get' | 'patch'>;

interface SwitchOptions {
  namespace: string;
  clock: Clock;
  signal: AbortSignal;
}

/**
 * Switches one Service for the agent of `workload` (`deploy/web`).
 * @returns whether it was changed
 * @throws {KUBE_CONFLICT} and other KUBE_*
 */
export async function switchService(
  kube: SwitchKube,
  { service, ports }: ServiceSwitch,
  { workload, ...options }: SwitchOptions & { workload: string },
): Promise<boolean> {
  return changeService(kube, service, (current) => planSwitch(current, workload, ports), options);
}

/**
 * Puts back what `tp` moved in a Service; a port that somebody else changed since stays.
 * @returns whether it was changed
 * @throws {TARGET_UNSUPPORTED} when another version of `tp` switched it; KUBE_CONFLICT and other KUBE_*
 */
export async function restoreService(
  kube: SwitchKube,
  service: V1Service,
  options: SwitchOptions,
): Promise<boolean> {
  try {
    return await changeService(kube, service, planRestore, options);
  } catch (error) {
    // Deleted meanwhile: nothing is left to restore.
    if (kubeStatus(error)?.status === 404) return false;
    throw error;
  }
}

async function changeService(
  kube: SwitchKube,
  service: V1Service,
  plan: (service: V1Service) => PatchOperation[],
  { namespace, clock, signal }: SwitchOptions,
): Promise<boolean> {
  let isChange = false;
  await patchLocked<V1Service>(kube, {
    path: paths.services(namespace, service.metadata?.name ?? ''),
    object: service,
    plan: (current) => {
      const patch = plan(current);
      isChange = patch.length > 0;
      return patch;
    },
    clock,
    signal,
  });
  return isChange;
}
