/**
 * Which pods a Service leads to, and on which of their ports: what Endpoints and EndpointSlices are both made of. A named
 * `targetPort` is looked up pod by pod, so that pods of two versions may have it on different numbers.
 */
import type { V1Pod, V1Service, V1ServicePort } from '../../kube/index.ts';
import type { ObjectReference, Stored } from '../store/cluster-access.ts';
import type { Reader } from './controller.ts';
import { isFinished, isReady, isTerminating, type Pod } from './pods.ts';

export interface BackendPort {
  name: string;
  port: number;
  protocol: string;
  appProtocol?: string;
}

export interface Backend {
  pod: Pod;
  address: string;
  /** May be sent to: ready and not terminating, or the Service publishes those that are not. */
  ready: boolean;
  serving: boolean;
  terminating: boolean;
  hostname?: string;
  /** In the Service's order; without those whose name this pod does not know. */
  ports: BackendPort[];
}

/** Pods that have an address and have not finished, by address. */
export function backendsOf(service: Stored<'services'>, cluster: Reader): Backend[] {
  const { selector = {}, publishNotReadyAddresses: publishesAll = false } = service.spec ?? {};
  return cluster
    .list('pods', { namespace: service.metadata.namespace ?? '', labels: selector })
    .flatMap((pod): Backend[] => {
      const address = pod.status?.podIP ?? '';
      if (address === '' || isFinished(pod)) return [];
      const serving = isReady(pod);
      const terminating = isTerminating(pod);
      const { hostname = '', subdomain } = pod.spec ?? {};
      return [
        {
          pod,
          address,
          ready: publishesAll || (serving && !terminating),
          serving,
          terminating,
          ...(hostname !== '' && subdomain === service.metadata.name ? { hostname } : {}),
          ports: (service.spec?.ports ?? []).flatMap((port) => backendPort(port, pod)),
        },
      ];
    })
    .sort((a, b) => (a.address < b.address ? -1 : 1));
}

function backendPort(port: V1ServicePort, pod: V1Pod): BackendPort[] {
  const number = targetPort(port, pod);
  if (number === undefined) return [];
  const { name = '', protocol = 'TCP', appProtocol } = port;
  return [{ name, port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
}

/** A name is that of the first container which has it, sidecars (init containers that stay) last. */
function targetPort(
  { targetPort, port, protocol = 'TCP' }: V1ServicePort,
  { spec }: V1Pod,
): number | undefined {
  if (targetPort === undefined || targetPort === 0 || targetPort === '') return port;
  if (typeof targetPort === 'number') return targetPort;
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...(spec?.containers ?? []), ...sidecars]
    .flatMap(({ ports = [] }) => ports)
    .find((one) => one.name === targetPort && (one.protocol ?? 'TCP') === protocol)?.containerPort;
}

/** Somebody else looks after the endpoints of a Service without selector, and an ExternalName has none. */
export function hasSelector({ spec }: V1Service): boolean {
  return spec?.type !== 'ExternalName' && Object.keys(spec?.selector ?? {}).length > 0;
}

/** The Services that may lead to this pod, or did before its labels changed: all with a selector in its namespace. */
export function servicesOf({ metadata }: Pod, cluster: Reader): ObjectReference[] {
  const namespace = metadata.namespace ?? '';
  return cluster
    .list('services', { namespace })
    .filter(hasSelector)
    .map(({ metadata: { name } }) => ({ namespace, name }));
}

export function isHeadless({ spec }: V1Service): boolean {
  return spec?.clusterIP === 'None';
}

/** Backends with the same ports together, by those ports. A headless Service may have none. */
export function groupByPorts(service: V1Service, backends: readonly Backend[]): Map<string, Backend[]> {
  const groups = new Map<string, Backend[]>();
  for (const backend of backends) {
    if (backend.ports.length === 0 && !(isHeadless(service) && (service.spec?.ports ?? []).length === 0))
      continue;
    const key = JSON.stringify(backend.ports);
    groups.set(key, [...(groups.get(key) ?? []), backend]);
  }
  return groups;
}
