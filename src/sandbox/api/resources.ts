/** The resources that the sandbox serves. Discovery, routing, tables and the OpenAPI document all read this table. */
import { qualified } from '../store/index.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export interface Subresource {
  name: string;
  /** `group/version/kind` of what is sent; that of the resource where missing. */
  kind?: { group: string; version: string; kind: string };
  verbs: readonly Verb[];
}

export interface ResourceDefinition {
  /** The key in the store: `pods`, `deployments.apps`. */
  key: string;
  group: string;
  version: string;
  plural: string;
  singular: string;
  kind: string;
  /** In the table of built-in types. */
  type: string;
  namespaced: boolean;
  shortNames: readonly string[];
  categories: readonly string[];
  verbs: readonly Verb[];
  subresources: readonly Subresource[];
  /** Besides `metadata.name` and `metadata.namespace`. */
  fieldSelectors: readonly string[];
}

const stored: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];
const status: Subresource = { name: 'status', verbs: ['get', 'patch', 'update'] };
const scale: Subresource = {
  name: 'scale',
  kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  verbs: ['get', 'patch', 'update'],
};
const stream = (name: string, kind: string): Subresource => ({
  name,
  kind: { group: '', version: 'v1', kind },
  verbs: ['create', 'get'],
});

interface Row {
  scope?: 'cluster';
  short?: string[];
  all?: true;
  verbs?: Verb[];
  sub?: Subresource[];
  fields?: string[];
  type?: string;
}

function define(group: string, kind: string, plural: string, row: Row): ResourceDefinition {
  const prefix = group === '' ? '' : `${group.split('.')[0] ?? ''}.`;
  return {
    key: qualified(plural, group),
    group,
    version: 'v1',
    plural,
    singular: kind.toLowerCase(),
    kind,
    type: row.type ?? `${prefix}${kind}`,
    namespaced: row.scope !== 'cluster',
    shortNames: row.short ?? [],
    categories: row.all === true ? ['all'] : [],
    verbs: row.verbs ?? stored,
    subresources: row.sub ?? [],
    fieldSelectors: ['metadata.name', 'metadata.namespace', ...(row.fields ?? [])],
  };
}

const podFields = [
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'spec.hostNetwork',
  'status.phase',
  'status.podIP',
  'status.nominatedNodeName',
];
const eventFields = [
  'involvedObject.kind',
  'involvedObject.namespace',
  'involvedObject.name',
  'involvedObject.uid',
  'involvedObject.apiVersion',
  'involvedObject.resourceVersion',
  'involvedObject.fieldPath',
  'reason',
  'reportingComponent',
  'source',
  'type',
];

const rbac = 'rbac.authorization.k8s.io';
const webhooks = 'admissionregistration.k8s.io';

export const resourceDefinitions: readonly ResourceDefinition[] = [
  define('', 'Namespace', 'namespaces', {
    scope: 'cluster',
    short: ['ns'],
    sub: [status, { name: 'finalize', verbs: ['update'] }],
    fields: ['status.phase'],
  }),
  define('', 'Node', 'nodes', {
    scope: 'cluster',
    short: ['no'],
    sub: [status],
    fields: ['spec.unschedulable'],
  }),
  define('', 'Pod', 'pods', {
    short: ['po'],
    all: true,
    sub: [
      status,
      { name: 'log', verbs: ['get'] },
      stream('exec', 'PodExecOptions'),
      stream('attach', 'PodAttachOptions'),
      stream('portforward', 'PodPortForwardOptions'),
      { name: 'ephemeralcontainers', verbs: ['get', 'patch', 'update'] },
      { name: 'eviction', kind: { group: 'policy', version: 'v1', kind: 'Eviction' }, verbs: ['create'] },
      { name: 'binding', kind: { group: '', version: 'v1', kind: 'Binding' }, verbs: ['create'] },
    ],
    fields: podFields,
  }),
  define('', 'Service', 'services', {
    short: ['svc'],
    all: true,
    sub: [status],
    fields: ['spec.clusterIP', 'spec.type'],
  }),
  define('', 'Endpoints', 'endpoints', { short: ['ep'] }),
  define('', 'ConfigMap', 'configmaps', { short: ['cm'] }),
  define('', 'Secret', 'secrets', { fields: ['type'] }),
  define('', 'Event', 'events', { short: ['ev'], fields: eventFields }),
  define('', 'ServiceAccount', 'serviceaccounts', {
    short: ['sa'],
    sub: [
      {
        name: 'token',
        kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
        verbs: ['create'],
      },
    ],
  }),
  define('apps', 'Deployment', 'deployments', { short: ['deploy'], all: true, sub: [status, scale] }),
  define('apps', 'ReplicaSet', 'replicasets', {
    short: ['rs'],
    all: true,
    sub: [status, scale],
    fields: ['status.replicas'],
  }),
  define('apps', 'StatefulSet', 'statefulsets', { short: ['sts'], all: true, sub: [status, scale] }),
  define('apps', 'DaemonSet', 'daemonsets', { short: ['ds'], all: true, sub: [status] }),
  define('apps', 'ControllerRevision', 'controllerrevisions', {}),
  define('batch', 'Job', 'jobs', { all: true, sub: [status], fields: ['status.successful'] }),
  define('discovery.k8s.io', 'EndpointSlice', 'endpointslices', {}),
  define('coordination.k8s.io', 'Lease', 'leases', {}),
  define(rbac, 'Role', 'roles', {}),
  define(rbac, 'RoleBinding', 'rolebindings', {}),
  define(rbac, 'ClusterRole', 'clusterroles', { scope: 'cluster' }),
  define(rbac, 'ClusterRoleBinding', 'clusterrolebindings', { scope: 'cluster' }),
  define(webhooks, 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', { scope: 'cluster' }),
  define(webhooks, 'ValidatingWebhookConfiguration', 'validatingwebhookconfigurations', { scope: 'cluster' }),
  ...(
    [
      ['authentication', 'TokenReview', 'tokenreviews', 'cluster'],
      ['authentication', 'SelfSubjectReview', 'selfsubjectreviews', 'cluster'],
      ['authorization', 'SubjectAccessReview', 'subjectaccessreviews', 'cluster'],
      ['authorization', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews', 'cluster'],
      ['authorization', 'SelfSubjectRulesReview', 'selfsubjectrulesreviews', 'cluster'],
      ['authorization', 'LocalSubjectAccessReview', 'localsubjectaccessreviews', undefined],
    ] as const
  ).map(([group, kind, plural, scope]) =>
    define(`${group}.k8s.io`, kind, plural, { verbs: ['create'], ...(scope === undefined ? {} : { scope }) }),
  ),
];

const byKey = new Map(resourceDefinitions.map((definition) => [definition.key, definition]));
const byKind = new Map(
  resourceDefinitions.map((definition) => [apiVersionOf(definition) + '/' + definition.kind, definition]),
);

/** `v1`, `apps/v1`. */
export function apiVersionOf({ group, version }: { group: string; version: string }): string {
  return group === '' ? version : `${group}/${version}`;
}

/** @param key such as `pods`, `deployments.apps` */
export function resourceByKey(key: string): ResourceDefinition | undefined {
  return byKey.get(key);
}

export function resourceByKind(apiVersion: string, kind: string): ResourceDefinition | undefined {
  return byKind.get(`${apiVersion}/${kind}`);
}
