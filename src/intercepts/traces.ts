/** Lists everything of `tp` in a namespace, and for whom it is kept. Changes nothing. */
import type { Trace } from '../contract/index.ts';
import type { Logger } from '../core/index.ts';
import type { KubeClient } from '../kube/index.ts';
import { readInventory } from './inventory.ts';
import { findLeftovers } from './leftovers.ts';
import { readSwitchRecord } from './service-switch.ts';
import { findShared, GATEWAY_LABEL } from './shared-objects.ts';

export interface FindTracesOptions {
  namespace: string;
  /** Who uses what: labels of workloads and of the gateway, with the names of their users. */
  use: ReadonlyMap<string, readonly string[]>;
  logger: Logger;
  signal: AbortSignal;
}

/** @throws {NAMESPACE_NOT_FOUND, KUBE_FORBIDDEN} and other KUBE_* */
export async function findTraces(
  kube: Pick<KubeClient, 'find' | 'list'>,
  { namespace, use, logger, signal }: FindTracesOptions,
): Promise<Trace[]> {
  const inventory = await readInventory(kube, namespace, { signal });
  // A pod on its way out, which may take a minute, needs nobody's help; its agent is no longer asked either.
  const pods = inventory.pods.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  const { workloads, services } = findLeftovers({ ...inventory, pods });
  const shared = await findShared(kube, { namespace, logger, signal });
  const users = (label: string): string[] => [...(use.get(label) ?? [])];
  const everybody = [...new Set([...use.values()].flat())];
  return [
    ...workloads.map(({ label }) => ({ object: label, usedBy: users(label) })),
    ...services.map((service) => ({
      object: `svc/${service.metadata?.name ?? ''}`,
      usedBy: users(readSwitchRecord(service)?.workload ?? ''),
    })),
    ...shared.map((object) => ({
      object,
      usedBy: object.startsWith('secret/') ? everybody : users(GATEWAY_LABEL),
    })),
  ];
}
