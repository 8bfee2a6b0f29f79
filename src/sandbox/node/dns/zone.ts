/**
 * The zone cluster.local, as the specification "Kubernetes DNS-Based Service Discovery" 1.1.0 says: from a question to
 * the answers. Pure; the messages are of dns-server.ts.
 */
import type { V1EndpointSlice, V1Pod, V1Service } from '../../../kube/index.ts';
import { slicesOfService, type ServiceObjects } from '../network/endpoint-table.ts';

export const ZONE = 'cluster.local';

export type RecordData =
  | { name: string; type: 'A' | 'CNAME' | 'PTR'; data: string }
  | { name: string; type: 'SRV'; data: { priority: number; weight: number; port: number; target: string } };

export interface ZoneObjects extends ServiceObjects {
  pods: readonly V1Pod[];
}

export interface ZoneAnswer {
  /** `REFUSED`: the name is not of this zone, and the sandbox asks nobody else. */
  code: 'NOERROR' | 'NXDOMAIN' | 'REFUSED';
  answers: readonly RecordData[];
  additionals: readonly RecordData[];
}

interface Place {
  /** Without the dot at the end. */
  target: string;
  address: string;
}

/** What a name stands for, whatever type was asked for. */
interface Named {
  places: readonly Place[];
  srv?: readonly { port: number; target: string; address: string }[];
  alias?: string;
}

/** `name` in any case, with or without the dot at the end. */
export function answerQuestion(question: { name: string; type: string }, objects: ZoneObjects): ZoneAnswer {
  const name = question.name.toLowerCase().replace(/\.$/, '');
  const reverse = reverseAddress(name);
  if (reverse !== undefined) return answerPointer(question, reverse, objects);
  if (name !== ZONE && !name.endsWith(`.${ZONE}`)) return { code: 'REFUSED', answers: [], additionals: [] };
  const found = name === ZONE ? { places: [] } : lookUp(name.slice(0, -ZONE.length - 1).split('.'), objects);
  if (found === undefined) return { code: 'NXDOMAIN', answers: [], additionals: [] };
  const own = question.name.replace(/\.$/, '');
  if (found.alias !== undefined) {
    const alias: RecordData = { name: own, type: 'CNAME', data: found.alias };
    const target = answerQuestion({ name: found.alias, type: question.type }, objects);
    return { code: 'NOERROR', answers: [alias, ...target.answers], additionals: [] };
  }
  if (question.type === 'A' || question.type === 'ANY') {
    const answers = found.places.map(({ address }): RecordData => ({ name: own, type: 'A', data: address }));
    return { code: 'NOERROR', answers, additionals: [] };
  }
  if (question.type !== 'SRV') return { code: 'NOERROR', answers: [], additionals: [] };
  const records = found.srv ?? [];
  return {
    code: 'NOERROR',
    answers: records.map(({ port, target }) => ({
      name: own,
      type: 'SRV',
      data: { priority: 0, weight: Math.max(1, Math.floor(100 / records.length)), port, target },
    })),
    additionals: records.map(({ target, address }) => ({ name: target, type: 'A', data: address })),
  };
}

/** `labels` are those before the zone's. Undefined: there is no such name. */
function lookUp(labels: readonly string[], objects: ZoneObjects): Named | undefined {
  const [kind = '', namespace = '', ...rest] = [...labels].reverse();
  if (kind === 'dns-version' && labels.length === 1) return { places: [] };
  if (kind === 'pod') return lookUpPod(namespace, rest, objects);
  if (kind !== 'svc') return undefined;
  const inNamespace = objects.services.filter(({ metadata }) => metadata?.namespace === namespace);
  // Names above others exist, although they have no records of their own.
  if (namespace === '' || rest.length === 0)
    return namespace === '' || inNamespace.length > 0 ? { places: [] } : undefined;
  const [serviceName = '', ...inner] = rest;
  const service = inNamespace.find(({ metadata }) => metadata?.name === serviceName);
  return service === undefined ? undefined : lookUpService(service, namespace, inner, objects);
}

function lookUpService(
  { spec, metadata }: V1Service,
  namespace: string,
  inner: readonly string[],
  objects: ZoneObjects,
): Named | undefined {
  const service = metadata?.name ?? '';
  const base = `${service}.${namespace}.svc.${ZONE}`;
  if (spec?.type === 'ExternalName')
    return inner.length === 0
      ? { places: [], alias: (spec.externalName ?? '').replace(/\.$/, '') }
      : undefined;
  const isHeadless = spec?.clusterIP === 'None';
  const slices = isHeadless ? slicesOfService(objects, namespace, service) : [];
  const published = spec?.publishNotReadyAddresses === true;
  const all = isHeadless
    ? placesOf(slices, base, published)
    : [{ target: base, address: spec?.clusterIP ?? '', slice: undefined }];
  const ports = (spec?.ports ?? []).map(({ name = '', protocol = 'TCP', port }) => ({
    name,
    protocol: protocol.toLowerCase(),
    port,
  }));
  const srvOf = (port: { name: string; protocol: string; port: number }): NonNullable<Named['srv']> =>
    all.map(({ target, address, slice }) => ({
      target,
      address,
      port: slice?.ports?.find((candidate) => (candidate.name ?? '') === port.name)?.port ?? port.port,
    }));
  if (inner.length === 0) return { places: all, srv: ports.flatMap((port) => srvOf(port)) };
  const [first = '', second = ''] = inner;
  if (inner.length === 1) {
    const places = all.filter(({ target }) => isHeadless && target === `${first}.${base}`);
    if (places.length > 0) return { places };
    const isProtocol = ports.some(({ protocol, name }) => name !== '' && `_${protocol}` === first);
    return isProtocol ? { places: [] } : undefined;
  }
  const port = ports.find(({ name, protocol }) => `_${name}` === second && `_${protocol}` === first);
  return inner.length === 2 && port !== undefined && all.length > 0
    ? { places: [], srv: srvOf(port) }
    : undefined;
}

/** A pod with a host name under its own name; others under their address, with dashes. */
function placesOf(
  slices: readonly V1EndpointSlice[],
  base: string,
  isUnreadyPublished: boolean,
): (Place & { slice: V1EndpointSlice })[] {
  return slices.flatMap((slice) =>
    slice.endpoints
      .filter(({ conditions }) => conditions?.ready !== false || isUnreadyPublished)
      .flatMap(({ addresses, hostname }) =>
        addresses.map((address) => ({
          target: `${hostname !== undefined && hostname !== '' ? hostname : address.replaceAll('.', '-')}.${base}`,
          address,
          slice,
        })),
      ),
  );
}

function lookUpPod(namespace: string, labels: readonly string[], { pods }: ZoneObjects): Named | undefined {
  const [dashed = ''] = labels;
  const address = dashed.replaceAll('-', '.');
  const isThere = pods.some(
    ({ metadata, status }) => metadata?.namespace === namespace && status?.podIP === address,
  );
  return labels.length === 1 && isThere ? { places: [{ target: '', address }] } : undefined;
}

function reverseAddress(name: string): string | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name);
  return match === null ? undefined : match.slice(1).reverse().join('.');
}

function answerPointer(
  question: { name: string; type: string },
  address: string,
  objects: ZoneObjects,
): ZoneAnswer {
  const names = objects.services.flatMap(({ metadata, spec }) => {
    const base = `${metadata?.name ?? ''}.${metadata?.namespace ?? ''}.svc.${ZONE}`;
    if (spec?.clusterIP === address) return [base];
    if (spec?.clusterIP !== 'None') return [];
    const slices = slicesOfService(objects, metadata?.namespace ?? '', metadata?.name ?? '');
    return placesOf(slices, base, true)
      .filter((place) => place.address === address)
      .map(({ target }) => target);
  });
  if (names.length === 0)
    return { code: /^10\.(96|244)\./.test(address) ? 'NXDOMAIN' : 'REFUSED', answers: [], additionals: [] };
  const isAsked = question.type === 'PTR' || question.type === 'ANY';
  return {
    code: 'NOERROR',
    answers: isAsked ? names.map((data) => ({ name: question.name, type: 'PTR', data })) : [],
    additionals: [],
  };
}
