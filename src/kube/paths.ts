/** Paths of the Kubernetes API: building them, and reading what a path names for error messages. */

function object(prefix: string, namespace: string, resource: string, name?: string): string {
  const collection = `${prefix}/namespaces/${encodeURIComponent(namespace)}/${resource}`;
  return name === undefined ? collection : `${collection}/${encodeURIComponent(name)}`;
}

type NamespacedPath = (namespace: string, name?: string) => string;

function namespaced(prefix: string, resource: string): NamespacedPath {
  return (namespace, name) => object(prefix, namespace, resource, name);
}

export type PodSubresource = 'ephemeralcontainers' | 'eviction' | 'log' | 'portforward' | 'status';

const core = '/api/v1';
const apps = '/apis/apps/v1';
const rbac = '/apis/rbac.authorization.k8s.io/v1';

interface Paths {
  namespaces(name?: string): string;
  pods: NamespacedPath;
  services: NamespacedPath;
  endpoints: NamespacedPath;
  secrets: NamespacedPath;
  configMaps: NamespacedPath;
  events: NamespacedPath;
  serviceAccounts: NamespacedPath;
  deployments: NamespacedPath;
  statefulSets: NamespacedPath;
  daemonSets: NamespacedPath;
  replicaSets: NamespacedPath;
  roles: NamespacedPath;
  roleBindings: NamespacedPath;
  selfSubjectAccessReviews(): string;
  podSubresource(namespace: string, pod: string, subresource: PodSubresource): string;
  /** The scale of the workload at `workloadPath`. */
  scale(workloadPath: string): string;
}

/** Builds API paths. Without `name` the path is the collection's. */
export const paths: Paths = {
  namespaces: (name) =>
    name === undefined ? `${core}/namespaces` : `${core}/namespaces/${encodeURIComponent(name)}`,
  pods: namespaced(core, 'pods'),
  services: namespaced(core, 'services'),
  endpoints: namespaced(core, 'endpoints'),
  secrets: namespaced(core, 'secrets'),
  configMaps: namespaced(core, 'configmaps'),
  events: namespaced(core, 'events'),
  serviceAccounts: namespaced(core, 'serviceaccounts'),
  deployments: namespaced(apps, 'deployments'),
  statefulSets: namespaced(apps, 'statefulsets'),
  daemonSets: namespaced(apps, 'daemonsets'),
  replicaSets: namespaced(apps, 'replicasets'),
  roles: namespaced(rbac, 'roles'),
  roleBindings: namespaced(rbac, 'rolebindings'),
  selfSubjectAccessReviews: () => '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
  podSubresource: (namespace, pod, subresource) => `${object(core, namespace, 'pods', pod)}/${subresource}`,
  scale: (workloadPath) => `${workloadPath}/scale`,
};

/** What an API path names. */
export interface PathParts {
  /** API group, "" for the core group. */
  group: string;
  /** Empty for objects without one. */
  namespace: string;
  /** Plural, with the subresource: "pods", "pods/portforward". */
  resource: string;
  /** Empty for a collection. */
  name: string;
}

/** Reads an API path made by {@link paths}; undefined for others, such as /version. */
export function parsePath(path: string): PathParts | undefined {
  const segments = path.split('/').slice(1).map(decodeURIComponent);
  const isCore = segments[0] === 'api';
  if (!isCore && segments[0] !== 'apis') return undefined;
  const group = isCore ? '' : (segments[1] ?? '');
  const rest = segments.slice(isCore ? 2 : 3);
  const isNamespaced = rest[0] === 'namespaces' && rest.length > 2;
  const namespace = isNamespaced ? (rest[1] ?? '') : '';
  const [resource, name = '', ...subresource] = isNamespaced ? rest.slice(2) : rest;
  if (resource === undefined) return undefined;
  return { group, namespace, resource: [resource, ...subresource].join('/'), name };
}
