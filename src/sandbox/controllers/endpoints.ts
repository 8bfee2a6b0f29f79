/** Endpoints: the older of the two lists of what is behind a Service. */
import type { V1Endpoints } from '../../kube/index.ts';
import type { Stored } from '../store/cluster-access.ts';
import { sameJson } from '../store/index.ts';
import { change, create, remove, type Controller, type Plan } from './controller.ts';
import {
  backendsOf,
  groupByPorts,
  hasSelector,
  isHeadless,
  servicesOf,
  type Backend,
} from './service-backends.ts';

type Subset = NonNullable<V1Endpoints['subsets']>[number];
type Address = NonNullable<Subset['addresses']>[number];

export const endpointsController: Controller<'services'> = {
  name: 'endpoint-controller',
  resource: 'services',
  concerns: {
    pods: servicesOf,
    endpoints: ({ metadata: { namespace = '', name } }) => [{ namespace, name }],
  },

  plan(service, cluster): Plan {
    if (!hasSelector(service)) return { writes: [] };
    const { namespace = '', name, labels } = service.metadata;
    const subsets = [...groupByPorts(service, backendsOf(service, cluster)).values()]
      .map(subsetOf)
      .filter(
        ({ addresses, notReadyAddresses }) => addresses !== undefined || notReadyAddresses !== undefined,
      );
    const wantedLabels = {
      ...labels,
      ...(isHeadless(service) ? { 'service.kubernetes.io/headless': '' } : {}),
    };
    const stored = cluster.get('endpoints', { namespace, name });
    if (stored === undefined) {
      const metadata = { name, namespace, labels: wantedLabels };
      return { writes: [create('endpoints', { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets })] };
    }
    if (sameJson(stored.subsets ?? [], subsets) && sameJson(stored.metadata.labels ?? {}, wantedLabels))
      return { writes: [] };
    const write = change('endpoints', stored, (copy) => {
      copy.metadata.labels = wantedLabels;
      return { ...copy, subsets };
    });
    return { writes: [write] };
  },

  planGone(reference, cluster): Plan {
    const stored: Stored<'endpoints'> | undefined = cluster.get('endpoints', reference);
    return { writes: stored === undefined ? [] : [remove('endpoints', stored)] };
  },
};

/** Terminating pods are left out, unless the Service publishes what is not ready. */
function subsetOf(backends: Backend[]): Subset {
  const ready = backends.filter((backend) => backend.ready).map(addressOf);
  const unready = backends.filter((backend) => !backend.ready && !backend.terminating).map(addressOf);
  const ports = backends[0]?.ports.map(({ name, ...port }) => (name === '' ? port : { name, ...port })) ?? [];
  return {
    ...(ready.length > 0 && { addresses: ready }),
    ...(unready.length > 0 && { notReadyAddresses: unready }),
    ...(ports.length > 0 && { ports }),
  };
}

function addressOf({ pod, address, hostname }: Backend): Address {
  const { name, namespace = '', uid } = pod.metadata;
  return {
    ip: address,
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec?.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}
