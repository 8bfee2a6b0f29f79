/**
 * The rights in Kubernetes (RBAC) that each operation needs: one table, from which come the check before anything is
 * changed, `tp doctor`, and docs/RBAC.md.
 */
import { AGENT_SECRET, AUTHORITY_SECRET, GATEWAY } from '../contract/index.ts';
import { workloadKinds, type WorkloadKind } from './workload.ts';

export const operations = ['find', 'tunnel', 'connect', 'intercept', 'uninstall'] as const;
export type Operation = (typeof operations)[number];

/** Who needs a row; absent: everybody. */
export type Condition =
  | { kind: WorkloadKind }
  /** A Service has a numeric target port. */
  | { case: 'service-switch' }
  /** Pods are not replaced by Kubernetes: ReplicaSets, updateStrategy OnDelete. */
  | { case: 'eviction' };

export interface RightRow {
  verbs: readonly string[];
  group: string;
  resource: string;
  /** Only these objects, where RBAC can tell them apart. */
  names?: readonly string[];
  /** What for, in half a sentence. */
  purpose: string;
  condition?: Condition;
  /** What is missing without it, in half a sentence; without this text the operation fails. */
  otherwise?: string;
}

const core = '';
const rbac = 'rbac.authorization.k8s.io';
const ourSecrets = [AUTHORITY_SECRET, AGENT_SECRET];

/** Rows of one operation for each kind of workload. */
function forKinds(verbs: readonly string[], purpose: string): RightRow[] {
  const kinds = (Object.keys(workloadKinds) as WorkloadKind[]).filter((kind) => kind !== 'Pod');
  return kinds.map((kind) => {
    const { group, resource } = workloadKinds[kind];
    return { verbs, group, resource, purpose, condition: { kind } };
  });
}

export const rightsTable: Readonly<Record<Operation, readonly RightRow[]>> = {
  find: [
    { verbs: ['list'], group: core, resource: 'services', purpose: 'finding what a name means' },
    ...Object.values(workloadKinds).map(({ group, resource }) => ({
      verbs: ['list'],
      group,
      resource,
      purpose: 'finding the workload behind a Service',
      otherwise: 'workloads of this kind are not found',
    })),
  ],
  tunnel: [
    {
      verbs: ['get'],
      group: core,
      resource: 'secrets',
      names: ourSecrets,
      purpose: 'the certificates of the tunnel',
    },
    {
      verbs: ['update'],
      group: core,
      resource: 'secrets',
      names: ourSecrets,
      purpose: 'renewing the certificates',
      otherwise: 'somebody else has to renew them when it is time',
    },
    {
      verbs: ['create'],
      group: core,
      resource: 'secrets',
      purpose: 'making the certificates of a namespace',
      otherwise: 'somebody else has to be the first to use tp in the namespace',
    },
    { verbs: ['get', 'list', 'watch'], group: core, resource: 'pods', purpose: 'finding agents' },
    // A port-forward over WebSocket is a GET; servers of 1.35 and later ask for "create" besides.
    { verbs: ['get', 'create'], group: core, resource: 'pods/portforward', purpose: 'reaching agents' },
  ],
  connect: [
    { verbs: ['create'], group: core, resource: 'pods', purpose: 'the gateway' },
    {
      verbs: ['delete'],
      group: core,
      resource: 'pods',
      names: [GATEWAY],
      purpose: 'replacing a gateway that has ended',
    },
    ...['serviceaccounts', 'roles', 'rolebindings'].map((resource) => ({
      verbs: ['get', 'create', 'patch'],
      group: resource === 'serviceaccounts' ? core : rbac,
      resource,
      purpose: 'the right of the gateway to delete itself',
      otherwise: 'a gateway that was left alone ends, but its finished pod stays until the next tp connect',
    })),
  ],
  intercept: [
    ...forKinds(['get', 'list', 'watch', 'patch'], 'adding the agent to the pod template'),
    {
      verbs: ['list', 'watch'],
      group: 'apps',
      resource: 'replicasets',
      purpose: 'following the rollout',
      condition: { kind: 'Deployment' },
    },
    { verbs: ['list', 'watch'], group: core, resource: 'pods', purpose: 'following the rollout' },
    {
      verbs: ['list', 'watch'],
      group: core,
      resource: 'endpoints',
      purpose: 'seeing where a Service leads',
    },
    {
      verbs: ['get', 'list', 'watch', 'patch'],
      group: core,
      resource: 'services',
      purpose: 'switching numeric target ports',
      condition: { case: 'service-switch' },
    },
    {
      verbs: ['create'],
      group: core,
      resource: 'pods/eviction',
      purpose: 'replacing pods that Kubernetes leaves alone',
      condition: { case: 'eviction' },
    },
    {
      verbs: ['create', 'delete'],
      group: core,
      resource: 'pods',
      purpose: 'creating the Pod again with the agent',
      condition: { kind: 'Pod' },
    },
    {
      verbs: ['delete'],
      group: core,
      resource: 'pods',
      purpose: 'clearing a rollout that failed',
      condition: { kind: 'StatefulSet' },
      otherwise: 'a pod of a StatefulSet that could not start stays until somebody deletes it',
    },
    {
      verbs: ['create'],
      group: core,
      resource: 'pods',
      purpose: 'asking beforehand whether a pod with an agent is admitted (a dry run)',
      otherwise: 'a quota or policy that refuses the agent shows only in the rollout, which is then undone',
    },
    {
      verbs: ['list', 'watch'],
      group: core,
      resource: 'events',
      purpose: 'saying why a pod does not start',
      otherwise: 'some reasons are missing',
    },
  ],
  uninstall: [
    ...forKinds(['get', 'list', 'watch', 'patch'], 'removing the agent from the pod template'),
    {
      verbs: ['get', 'patch'],
      group: core,
      resource: 'services',
      purpose: 'switching back',
      condition: { case: 'service-switch' },
    },
    { verbs: ['list', 'watch'], group: core, resource: 'endpoints', purpose: 'seeing where a Service leads' },
    {
      verbs: ['create'],
      group: core,
      resource: 'pods/eviction',
      purpose: 'replacing pods that Kubernetes leaves alone',
      condition: { case: 'eviction' },
    },
    {
      verbs: ['create', 'delete'],
      group: core,
      resource: 'pods',
      purpose: 'creating the Pod again without the agent',
      condition: { kind: 'Pod' },
    },
    {
      verbs: ['delete'],
      group: core,
      resource: 'pods',
      names: [GATEWAY],
      purpose: 'the gateway',
      otherwise: 'the gateway stays until it ends by itself',
    },
    ...['serviceaccounts', 'roles', 'rolebindings'].map((resource) => ({
      verbs: ['get', 'delete'],
      group: resource === 'serviceaccounts' ? core : rbac,
      resource,
      names: [GATEWAY],
      purpose: 'what a gateway has left, with --all',
      otherwise: 'it stays',
    })),
    {
      verbs: ['get', 'delete'],
      group: core,
      resource: 'secrets',
      names: ourSecrets,
      purpose: 'the certificates, with --all',
      otherwise: 'the certificates stay',
    },
  ],
};
