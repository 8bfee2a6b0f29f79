/** The roles and bindings that every cluster has from the start. */
import type { KubeObject } from '../../store/index.ts';

const apiVersion = 'rbac.authorization.k8s.io/v1';
const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];

const workloads = [
  'daemonsets',
  'deployments',
  'deployments/scale',
  'replicasets',
  'replicasets/scale',
  'statefulsets',
  'statefulsets/scale',
];
const plain = ['configmaps', 'endpoints', 'pods', 'services', 'serviceaccounts'];

function rules(verbs: string[]): object[] {
  return [
    { apiGroups: [''], resources: plain, verbs },
    { apiGroups: ['apps'], resources: [...workloads, 'controllerrevisions'], verbs },
    { apiGroups: ['batch'], resources: ['jobs'], verbs },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: read },
  ];
}

const viewRules = [
  ...rules(read),
  { apiGroups: [''], resources: ['events', 'namespaces', 'pods/log', 'pods/status'], verbs: read },
  {
    apiGroups: ['apps'],
    resources: ['daemonsets/status', 'deployments/status', 'replicasets/status', 'statefulsets/status'],
    verbs: read,
  },
];
const editRules = [
  ...viewRules,
  ...rules(write),
  { apiGroups: [''], resources: ['secrets'], verbs: [...read, ...write] },
  {
    apiGroups: [''],
    resources: ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/eviction'],
    verbs: ['get', 'create'],
  },
  { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: [...read, ...write] },
];
const adminRules = [
  ...editRules,
  {
    apiGroups: ['rbac.authorization.k8s.io'],
    resources: ['roles', 'rolebindings'],
    verbs: [...read, ...write],
  },
  { apiGroups: ['authorization.k8s.io'], resources: ['localsubjectaccessreviews'], verbs: ['create'] },
];

const roles: Readonly<Record<string, object[]>> = {
  'cluster-admin': [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ],
  admin: adminRules,
  edit: editRules,
  view: viewRules,
  'system:basic-user': [
    {
      apiGroups: ['authorization.k8s.io'],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      verbs: ['create'],
    },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ],
  'system:discovery': [
    {
      nonResourceURLs: [
        '/api',
        '/api/*',
        '/apis',
        '/apis/*',
        '/healthz',
        '/livez',
        '/openapi',
        '/openapi/*',
        '/readyz',
        '/version',
        '/version/',
      ],
      verbs: ['get'],
    },
  ],
  'system:public-info-viewer': [
    { nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'], verbs: ['get'] },
  ],
};

const bindings: Readonly<Record<string, string[]>> = {
  'cluster-admin': ['system:masters'],
  'system:basic-user': ['system:authenticated'],
  'system:discovery': ['system:authenticated'],
  'system:public-info-viewer': ['system:authenticated', 'system:unauthenticated'],
};

/** Fresh objects, keyed by the resource they are of. */
export function bootstrapRoles(): [resource: string, object: KubeObject][] {
  const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
  return [
    ...Object.entries(roles).map(([name, list]): [string, KubeObject] => [
      'clusterroles.rbac.authorization.k8s.io',
      {
        apiVersion,
        kind: 'ClusterRole',
        metadata: { name, labels: { ...labels } },
        rules: structuredClone(list),
      },
    ]),
    ...Object.entries(bindings).map(([name, groups]): [string, KubeObject] => [
      'clusterrolebindings.rbac.authorization.k8s.io',
      {
        apiVersion,
        kind: 'ClusterRoleBinding',
        metadata: { name, labels: { ...labels } },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
        subjects: groups.map((group) => ({
          apiGroup: 'rbac.authorization.k8s.io',
          kind: 'Group',
          name: group,
        })),
      },
    ]),
  ];
}
