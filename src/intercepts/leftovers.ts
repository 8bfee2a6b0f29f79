/** Finds what `tp` has changed in a namespace, also what a crash left half-way. */
import { AGENT_CONTAINER } from '../contract/index.ts';
import type { V1Service } from '../kube/index.ts';
import { rootOwner, type Inventory } from './inventory.ts';
import { readSwitchRecord } from './service-switch.ts';
import { planTemplateChange } from './template-change.ts';
import type { Workload } from './workload.ts';

export interface Leftovers {
  /** Something of an agent is in the template, or in one of the pods. */
  workloads: Workload[];
  /** Switched, or carrying the record of a switch. */
  services: V1Service[];
}

/** Everything in the namespace. */
export function findLeftovers(inventory: Inventory): Leftovers {
  const owners = ownersOfAgents(inventory);
  return {
    workloads: inventory.workloads.filter(
      (workload) => owners.has(workload.label) || planTemplateChange(workload, undefined).length > 0,
    ),
    services: inventory.services.filter((service) => readSwitchRecord(service) !== undefined),
  };
}

/** What belongs to one workload. */
export function leftoversOf(inventory: Inventory, workload: Workload): Leftovers {
  const { workloads, services } = findLeftovers(inventory);
  return {
    workloads: workloads.filter(({ label }) => label === workload.label),
    services: services.filter((service) => readSwitchRecord(service)?.workload === workload.label),
  };
}

/** Workloads whose pods still carry an agent although their template may not. */
function ownersOfAgents(inventory: Inventory): Set<string | undefined> {
  const withAgent = inventory.pods.filter(({ spec }) =>
    spec?.containers.some(({ name }) => name === AGENT_CONTAINER),
  );
  return new Set(
    withAgent.map((pod) => rootOwner(inventory, pod.metadata) ?? `pod/${pod.metadata?.name ?? ''}`),
  );
}
