/** Namespaces: what each one starts with, and how one that is being deleted is emptied. */
import type { ResourceName } from '../store/cluster-access.ts';
import { change, create, remove, type Controller, type Plan, type Reader, type Write } from './controller.ts';
import { isTerminating } from './pods.ts';

/** What lives in namespaces. Pods come last but one: their controllers would make new ones. */
const contents = [
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
  'replicasets.apps',
  'controllerrevisions.apps',
  'services',
  'endpoints',
  'endpointslices.discovery.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'roles.rbac.authorization.k8s.io',
  'leases.coordination.k8s.io',
  'pods',
  'configmaps',
  'secrets',
  'serviceaccounts',
  'events',
] as const satisfies readonly ResourceName[];

/** The rest of a namespace goes with its last pod: a pod that stops may still need its Secrets. */
const afterPods: ReadonlySet<ResourceName> = new Set(['configmaps', 'secrets', 'serviceaccounts', 'events']);

const concerned = Object.fromEntries(
  contents.map((resource) => [
    resource,
    ({ metadata }: { metadata: { namespace?: string } }): { name: string }[] => [
      { name: metadata.namespace ?? '' },
    ],
  ]),
);

/** @param authority the PEM certificate of the authority that signed the API server's */
export function namespaceController(authority: string): Controller<'namespaces'> {
  return {
    name: 'namespace-controller',
    resource: 'namespaces',
    concerns: concerned,

    plan(namespace, cluster): Plan {
      const { name } = namespace.metadata;
      if (!isTerminating(namespace)) return { writes: furnish(name, authority, cluster) };
      const left = contents.flatMap((resource) =>
        cluster.list(resource, { namespace: name }).map((object) => ({ resource, object })),
      );
      if (left.length === 0)
        return {
          writes: [
            change(
              'namespaces',
              namespace,
              (copy) => ({ ...copy, spec: { ...copy.spec, finalizers: [] } }),
              'finalize',
            ),
          ],
        };
      const hasPods = left.some(({ resource }) => resource === 'pods');
      const writes: Write[] = left
        .filter(({ resource, object }) => !isTerminating(object) && !(hasPods && afterPods.has(resource)))
        .map(({ resource, object }) => remove(resource, object));
      return { writes };
    },
  };
}

/** The account that pods run under, and the authority by which they know the API server. */
function furnish(namespace: string, authority: string, cluster: Reader): Write[] {
  const writes: Write[] = [];
  if (cluster.get('serviceaccounts', { namespace, name: 'default' }) === undefined)
    writes.push(
      create('serviceaccounts', {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'default', namespace },
      }),
    );
  const name = 'kube-root-ca.crt';
  const stored = cluster.get('configmaps', { namespace, name });
  const data = { 'ca.crt': authority };
  if (stored === undefined) {
    const annotations = {
      'kubernetes.io/description':
        'Contains the certificate of the authority that clients use to verify the API server',
    };
    writes.push(
      create('configmaps', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace, annotations },
        data,
      }),
    );
  } else if (stored.data?.['ca.crt'] !== authority && !isTerminating(stored))
    writes.push(change('configmaps', stored, (copy) => ({ ...copy, data })));
  return writes;
}
