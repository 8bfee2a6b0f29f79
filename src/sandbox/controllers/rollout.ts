/**
 * How many pods each ReplicaSet of a Deployment may have now. The arithmetic of a rolling update is that of Kubernetes:
 * never more than `maxSurge` above, never more than `maxUnavailable` below what is asked for.
 */
import { scaledValue } from './pods.ts';
import type { Deployment, ReplicaSet } from './deployment.ts';

export interface Scale {
  set: ReplicaSet;
  replicas: number;
}

/** `maxSurge` and `maxUnavailable` as numbers of pods. Both 0 would never get on: then one may be unavailable. */
export function tolerances({ spec }: Deployment): { surge: number; unavailable: number } {
  if (spec?.strategy?.type === 'Recreate') return { surge: 0, unavailable: spec.replicas ?? 1 };
  const wanted = spec?.replicas ?? 1;
  const surge = scaledValue(spec?.strategy?.rollingUpdate?.maxSurge ?? '25%', wanted, 'up');
  const unavailable = scaledValue(spec?.strategy?.rollingUpdate?.maxUnavailable ?? '25%', wanted, 'down');
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, wanted) };
}

/** The most pods that there may be during the rollout. */
export function maximumReplicas(deployment: Deployment): number {
  const wanted = deployment.spec?.replicas ?? 1;
  return wanted === 0 ? 0 : wanted + tolerances(deployment).surge;
}

/** @param waitsForOld the strategy is Recreate, and pods of the old version are still there */
export function decideScales(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: ReplicaSet[],
  waitsForOld: boolean,
): Scale[] {
  const wanted = deployment.spec?.replicas ?? 1;
  if (deployment.spec?.paused === true) return scalePaused(wanted, current, old);
  if (deployment.spec?.strategy?.type === 'Recreate') {
    const down = old.map((set) => ({ set, replicas: 0 }));
    return current === undefined || waitsForOld ? down : [...down, { set: current, replicas: wanted }];
  }
  if (current === undefined) return [];
  const up = scaleUp(deployment, current, old);
  if (up !== sizeOf(current)) return [{ set: current, replicas: up }];
  return [{ set: current, replicas: up }, ...scaleDown(deployment, current, old)];
}

/** A paused rollout stays where it is, but follows `kubectl scale`: the newest of those with pods takes the difference. */
function scalePaused(wanted: number, current: ReplicaSet | undefined, old: ReplicaSet[]): Scale[] {
  const all = current === undefined ? old : [...old, current];
  const newest = all.filter((set) => sizeOf(set) > 0).at(-1) ?? all.at(-1);
  if (newest === undefined) return [];
  return [{ set: newest, replicas: Math.max(0, sizeOf(newest) + wanted - total(all)) }];
}

function scaleUp(deployment: Deployment, current: ReplicaSet, old: ReplicaSet[]): number {
  const wanted = deployment.spec?.replicas ?? 1;
  const size = sizeOf(current);
  if (size >= wanted) return wanted;
  const room = maximumReplicas(deployment) - total([...old, current]);
  return size + Math.max(0, Math.min(room, wanted - size));
}

/** Unhealthy pods of old versions go first: they serve nobody. */
function scaleDown(deployment: Deployment, current: ReplicaSet, old: ReplicaSet[]): Scale[] {
  const wanted = deployment.spec?.replicas ?? 1;
  const minimum = wanted - tolerances(deployment).unavailable;
  const newUnavailable = sizeOf(current) - availableOf(current);
  let removable = total([...old, current]) - minimum - newUnavailable;
  const sizes = new Map(old.map((set) => [set, sizeOf(set)]));
  for (const set of old) {
    if (removable <= 0) break;
    const unhealthy = Math.max(0, sizeOf(set) - availableOf(set));
    const gone = Math.min(removable, unhealthy);
    sizes.set(set, sizeOf(set) - gone);
    removable -= gone;
  }
  const available = [...old, current].reduce((sum, set) => sum + availableOf(set), 0);
  let spare = Math.min(removable, available - minimum);
  for (const set of old) {
    if (spare <= 0) break;
    const size = sizes.get(set) ?? 0;
    const gone = Math.min(spare, size);
    sizes.set(set, size - gone);
    spare -= gone;
  }
  return old.map((set) => ({ set, replicas: sizes.get(set) ?? 0 }));
}

const sizeOf = ({ spec }: ReplicaSet): number => spec?.replicas ?? 1;
const availableOf = (set: ReplicaSet): number => Math.min(sizeOf(set), set.status?.availableReplicas ?? 0);
const total = (sets: readonly ReplicaSet[]): number => sets.reduce((sum, set) => sum + sizeOf(set), 0);
