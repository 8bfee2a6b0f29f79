/** EndpointSlices: what service proxies read. One slice for each set of ports that the pods behind a Service have. */
import type { V1EndpointSlice } from '../../kube/index.ts';
import type { Stored } from '../store/cluster-access.ts';
import { sameJson } from '../store/index.ts';
import { change, create, remove, type Controller, type Plan, type Reader, type Write } from './controller.ts';
import { controllerReference } from './pods.ts';
import {
  backendsOf,
  groupByPorts,
  hasSelector,
  isHeadless,
  servicesOf,
  type Backend,
} from './service-backends.ts';

type Service = Stored<'services'>;
type Slice = Stored<'endpointslices.discovery.k8s.io'>;

const manager = 'endpointslice-controller.k8s.io';
const nameLabel = 'kubernetes.io/service-name';
const managerLabel = 'endpointslice.kubernetes.io/managed-by';

export const endpointSliceController: Controller<'services'> = {
  name: 'endpointslice-controller',
  resource: 'services',
  concerns: {
    pods: servicesOf,
    'endpointslices.discovery.k8s.io': ({ metadata }) => {
      const name = metadata.labels?.[nameLabel];
      return name === undefined ? [] : [{ namespace: metadata.namespace ?? '', name }];
    },
  },

  plan(service, cluster): Plan {
    const stored = slicesOf(service, cluster);
    if (!hasSelector(service)) return { writes: stored.map(deletion) };
    const writes: Write[] = [];
    const unused = new Set(stored);
    const groups = groupByPorts(service, backendsOf(service, cluster));
    // Without any pod there is one slice without endpoints, so that a proxy knows the Service.
    const wanted = [...(groups.size === 0 ? [[]] : groups.values())].map((backends) =>
      sliceOf(service, backends),
    );
    for (const slice of wanted) {
      const old = [...unused].find(({ ports }) => sameJson(ports ?? [], slice.ports ?? [])) ?? [...unused][0];
      if (old === undefined) {
        writes.push(create('endpointslices.discovery.k8s.io', slice));
        continue;
      }
      unused.delete(old);
      if (!isSame(old, slice))
        writes.push(
          change('endpointslices.discovery.k8s.io', old, (copy) => {
            copy.metadata.labels = { ...slice.metadata?.labels };
            return { ...copy, ports: slice.ports ?? [], endpoints: slice.endpoints };
          }),
        );
    }
    return { writes: [...writes, ...[...unused].map(deletion)] };
  },
};

const deletion = (slice: Slice): Write => remove('endpointslices.discovery.k8s.io', slice);

/** Those of this controller: people and other controllers may add slices of their own. */
function slicesOf({ metadata }: Service, cluster: Reader): Slice[] {
  const labels = { [nameLabel]: metadata.name, [managerLabel]: manager };
  return cluster.list('endpointslices.discovery.k8s.io', { namespace: metadata.namespace ?? '', labels });
}

function isSame(old: Slice, slice: V1EndpointSlice): boolean {
  return (
    sameJson(old.ports ?? [], slice.ports ?? []) &&
    sameJson(old.endpoints, slice.endpoints) &&
    sameJson(old.metadata.labels, slice.metadata?.labels)
  );
}

function sliceOf(service: Service, backends: Backend[]): V1EndpointSlice {
  const { name, namespace = '', labels } = service.metadata;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: {
        ...labels,
        ...(isHeadless(service) ? { 'service.kubernetes.io/headless': '' } : {}),
        [nameLabel]: name,
        [managerLabel]: manager,
      },
      ownerReferences: [controllerReference(service)],
    },
    addressType: 'IPv4',
    ports: backends[0]?.ports ?? [],
    endpoints: backends.map(endpointOf),
  };
}

function endpointOf(backend: Backend): V1EndpointSlice['endpoints'][number] {
  const { pod, address, ready, serving, terminating, hostname } = backend;
  const { name, namespace = '', uid } = pod.metadata;
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec?.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}
