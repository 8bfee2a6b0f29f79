/** Changes one object of the cluster only as it was when the change was planned. */
import { createBackoff, type Clock } from '../core/index.ts';
import { kubeStatus, type KubeClient, type KubernetesObject } from '../kube/index.ts';
import type { PatchOperation } from './json-patch.ts';
import { lockPatch } from './template-change.ts';

/** Times that somebody else may be faster. A controller that rolls out writes the status several times a second. */
export const LOCK_ATTEMPTS = 8;
/** Waits between them: 8 attempts take some 4 s. */
const lockBackoff = { initialMs: 50, maximumMs: 1000 } as const;

export interface LockedPatchOptions<T> {
  path: string;
  /** As it was read last. */
  object: T;
  /** Asked again with the new object after each conflict. Empty when nothing is to be done. */
  plan: (object: T) => PatchOperation[];
  clock: Clock;
  signal: AbortSignal;
}

/**
 * Patches the object and returns it as it is then.
 * @throws {KUBE_CONFLICT} when others were faster each time; what `plan` throws; KUBE_*
 */
export async function patchLocked<T extends KubernetesObject>(
  kube: Pick<KubeClient, 'get' | 'patch'>,
  { path, object, plan, clock, signal }: LockedPatchOptions<T>,
): Promise<T> {
  const backoff = createBackoff(lockBackoff);
  let current = object;
  for (let attempt = 1; ; attempt += 1) {
    const patch = plan(current);
    if (patch.length === 0) return current;
    try {
      return await kube.patch<T>(path, lockPatch(current, patch), { type: 'json', signal });
    } catch (error) {
      if (kubeStatus(error)?.status !== 409 || attempt === LOCK_ATTEMPTS) throw error;
    }
    await clock.sleep(backoff.nextMs(), { signal });
    current = await kube.get<T>(path, { signal });
  }
}
