/** Which pods answer at which Service address. Pure. */
import type { V1Endpoints, V1EndpointSlice, V1Service } from '../../../kube/index.ts';
import { NODE_ADDRESS } from './addresses.ts';

export interface Backend {
  address: string;
  port: number;
}

/** One address and port that the service proxy answers at. */
export interface ServicePort {
  protocol: 'TCP' | 'UDP';
  address: string;
  port: number;
  backends: readonly Backend[];
  /** `sessionAffinity: ClientIP`: a client stays with its backend for so long; 0: it does not. */
  affinityMs: number;
}

export interface ServiceObjects {
  services: readonly V1Service[];
  slices: readonly V1EndpointSlice[];
  /** For Services that no slice belongs to. */
  endpoints: readonly V1Endpoints[];
}

const DEFAULT_AFFINITY_SECONDS = 10_800;

/** Keys are `<protocol> <address>:<port>`. Ports without any backend are left out: nobody listens there. */
export function buildServicePorts({ services, slices, endpoints }: ServiceObjects): Map<string, ServicePort> {
  const table = new Map<string, ServicePort>();
  const slicesOf = groupSlices(slices);
  for (const service of services) {
    const { spec, metadata } = service;
    if (spec === undefined || spec.type === 'ExternalName') continue;
    const addresses = (spec.clusterIPs ?? [spec.clusterIP ?? '']).filter((ip) => ip !== '' && ip !== 'None');
    const key = `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
    const own = slicesOf.get(key) ?? toSlices(endpoints, key);
    const affinityMs =
      spec.sessionAffinity === 'ClientIP'
        ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS) * 1000
        : 0;
    for (const { name = '', protocol = 'TCP', port, nodePort } of spec.ports ?? []) {
      const backends = backendsOf(own, name, protocol);
      if (backends.length === 0 || (protocol !== 'TCP' && protocol !== 'UDP')) continue;
      const places = addresses.map((address) => ({ address, port }));
      if (nodePort !== undefined) places.push({ address: NODE_ADDRESS, port: nodePort });
      for (const place of places)
        table.set(`${protocol} ${place.address}:${place.port}`, { protocol, ...place, backends, affinityMs });
    }
  }
  return table;
}

function groupSlices(slices: readonly V1EndpointSlice[]): Map<string, V1EndpointSlice[]> {
  const groups = new Map<string, V1EndpointSlice[]>();
  for (const slice of slices) {
    const service = slice.metadata?.labels?.['kubernetes.io/service-name'];
    if (service === undefined || slice.addressType !== 'IPv4') continue;
    const key = `${slice.metadata?.namespace ?? ''}/${service}`;
    groups.set(key, [...(groups.get(key) ?? []), slice]);
  }
  return groups;
}

/** Endpoints that somebody wrote by hand, in the form of slices. */
function toSlices(endpoints: readonly V1Endpoints[], key: string): V1EndpointSlice[] {
  const found = endpoints.find(
    ({ metadata }) => `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}` === key,
  );
  return (found?.subsets ?? []).map(({ addresses = [], ports = [] }) => ({
    addressType: 'IPv4',
    endpoints: addresses.map(({ ip, hostname, targetRef }) => ({
      addresses: [ip],
      ...(hostname === undefined ? {} : { hostname }),
      ...(targetRef === undefined ? {} : { targetRef }),
    })),
    ports,
  }));
}

/** Ready ones; if there is none, those that still answer while they end. */
function backendsOf(slices: readonly V1EndpointSlice[], portName: string, protocol: string): Backend[] {
  const ready: Backend[] = [];
  const ending: Backend[] = [];
  for (const { endpoints = [], ports = [] } of slices) {
    const port = ports.find(
      (candidate) => (candidate.name ?? '') === portName && (candidate.protocol ?? 'TCP') === protocol,
    )?.port;
    if (port === undefined) continue;
    for (const { addresses, conditions } of endpoints) {
      const backends = addresses.slice(0, 1).map((address) => ({ address, port }));
      if (conditions?.ready !== false) ready.push(...backends);
      else if (conditions.serving === true && conditions.terminating === true) ending.push(...backends);
    }
  }
  return ready.length > 0 ? ready : ending;
}

/** The slices of one Service, of either kind: what DNS makes headless answers of. */
export function slicesOfService(
  objects: ServiceObjects,
  namespace: string,
  name: string,
): readonly V1EndpointSlice[] {
  const key = `${namespace}/${name}`;
  return groupSlices(objects.slices).get(key) ?? toSlices(objects.endpoints, key);
}
