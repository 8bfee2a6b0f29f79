/**
 * Watches over an injection while somebody uses it. Others may put their own version of the workload or of a Service
 * back, as GitOps tools do. A Service must not be left pointing at agents that are gone.
 */
import { describeError, type Clock, type Logger } from '../core/index.ts';
import { paths, type KubeClient, type V1Service } from '../kube/index.ts';
import { findAgentContainer } from './agent-pieces.ts';
import { observe } from './observe.ts';
import { readSwitchRecord, switchedPorts } from './service-switch.ts';
import { restoreService } from './switch-services.ts';
import { templateOf, toWorkload, workloadKinds, type Workload, type WorkloadObject } from './workload.ts';

export type InjectionEvent =
  /** Somebody took the agent out of the template, or deleted the workload; its Services are restored. */
  | { kind: 'agent-removed'; workload: string; isDeleted: boolean }
  /** Somebody changed ports of a switched Service: their traffic no longer reaches the agent. */
  | { kind: 'service-reverted'; service: string; ports: number[] };

export interface WatchInjectionOptions {
  workload: Workload;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  /** Each event is told once. */
  onEvent: (event: InjectionEvent) => void;
}

/**
 * Watches until `signal` aborts, or until the agent was removed and the Services are restored.
 * @throws {KUBE_FORBIDDEN, KUBE_UNAUTHORIZED}
 */
export async function watchInjection(
  kube: Pick<KubeClient, 'follow' | 'get' | 'patch'>,
  { workload, clock, logger, signal, onEvent }: WatchInjectionOptions,
): Promise<void> {
  const { kind, namespace, name, label } = workload;
  const switched = new Map<string, ReadonlySet<number>>();
  const sources = {
    workload: { path: workloadKinds[kind].path(namespace), fieldSelector: `metadata.name=${name}` },
    // Who may not watch Services has switched none either.
    services: { path: paths.services(namespace), isOptional: true },
  };
  const last = await observe<{ workload: WorkloadObject; services: V1Service }, LastSight>(kube, sources, {
    clock,
    signal,
    decide: ({ workload: [object], services }) => {
      const own = services.filter((service) => readSwitchRecord(service)?.workload === label);
      reportReverted(services, switched, onEvent);
      remember(own, switched);
      const isDeleted = object === undefined;
      const hasAgent = !isDeleted && findAgentContainer(templateOf(toWorkload(kind, namespace, object)));
      return hasAgent ? undefined : { isDeleted, services: own };
    },
  }).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  if (last === undefined) return;
  onEvent({ kind: 'agent-removed', workload: label, isDeleted: last.isDeleted });
  for (const service of last.services) {
    try {
      await restoreService(kube, service, { namespace, clock, signal });
    } catch (error) {
      logger.error('cannot restore a Service', {
        service: service.metadata?.name,
        error: describeError(error),
      });
    }
  }
}

interface LastSight {
  isDeleted: boolean;
  services: V1Service[];
}

/** Tells of ports that were switched when last seen and are no longer. */
function reportReverted(
  services: readonly V1Service[],
  switched: ReadonlyMap<string, ReadonlySet<number>>,
  onEvent: (event: InjectionEvent) => void,
): void {
  for (const service of services) {
    const name = service.metadata?.name ?? '';
    const now = new Set(switchedPorts(service).map(({ port }) => port));
    const lost = [...(switched.get(name) ?? [])].filter((port) => !now.has(port));
    if (lost.length > 0) onEvent({ kind: 'service-reverted', service: name, ports: lost });
  }
}

function remember(services: readonly V1Service[], switched: Map<string, ReadonlySet<number>>): void {
  switched.clear();
  for (const service of services)
    switched.set(service.metadata?.name ?? '', new Set(switchedPorts(service).map(({ port }) => port)));
}
