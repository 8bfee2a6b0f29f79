/** The gateway: a pod of its own with the agent's program, and what it needs to delete itself. */
import { GATEWAY, MANAGED_BY } from '../contract/index.ts';
import type {
  KubernetesObject,
  V1OwnerReference,
  V1Pod,
  V1Role,
  V1RoleBinding,
  V1ServiceAccount,
} from '../kube/index.ts';
import { agentContainer, agentReadinessProbe, agentVolume, ownVariables } from './agent-pieces.ts';

/** A gateway holds nothing that has to be finished. */
const GRACE_SECONDS = 10;

/** Tells the gateway's program to delete its pod when it is left alone; otherwise it just ends. */
export const CAN_DELETE_ITSELF_VARIABLE = 'TP_AGENT_CAN_DELETE_ITSELF';

export interface GatewayOptions {
  namespace: string;
  image: string;
  /** The ServiceAccount of {@link gatewayAccount} exists. */
  canDeleteItself: boolean;
}

export function gatewayPod({ namespace, image, canDeleteItself }: GatewayOptions): V1Pod {
  const config = {
    version: 1,
    role: 'gateway',
    workload: `pod/${GATEWAY}`,
    ports: [],
    containers: [],
  } as const;
  const container = {
    ...agentContainer(image, 'gateway'),
    env: [
      ...ownVariables({ ...config, ports: [], containers: [] }),
      ...(canDeleteItself ? [{ name: CAN_DELETE_ITSELF_VARIABLE, value: '1' }] : []),
    ],
    readinessProbe: agentReadinessProbe,
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: GATEWAY, namespace, labels },
    spec: {
      containers: [container],
      volumes: [agentVolume],
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      terminationGracePeriodSeconds: GRACE_SECONDS,
      // One that cannot delete itself ends for good, instead of being started again.
      restartPolicy: canDeleteItself ? 'Always' : 'Never',
      automountServiceAccountToken: canDeleteItself,
      ...(canDeleteItself ? { serviceAccountName: GATEWAY } : {}),
    },
  };
}

const labels = { ...MANAGED_BY, 'app.kubernetes.io/name': GATEWAY };

export function gatewayAccount(namespace: string): V1ServiceAccount {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: GATEWAY, namespace, labels } };
}

/** Allows nothing but the deletion of the gateway's own pod. */
export function gatewayRole(namespace: string, owner: V1OwnerReference): V1Role {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: GATEWAY, namespace, labels, ownerReferences: [owner] },
    rules: [{ apiGroups: [''], resources: ['pods'], resourceNames: [GATEWAY], verbs: ['delete'] }],
  };
}

export function gatewayRoleBinding(namespace: string, owner: V1OwnerReference): V1RoleBinding {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: GATEWAY, namespace, labels, ownerReferences: [owner] },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: GATEWAY },
    subjects: [{ kind: 'ServiceAccount', name: GATEWAY, namespace }],
  };
}

/** Makes Kubernetes delete an object together with the gateway's pod. */
export function ownedBy(pod: V1Pod): V1OwnerReference {
  return { apiVersion: 'v1', kind: 'Pod', name: GATEWAY, uid: pod.metadata?.uid ?? '' };
}

/** Tells an object of ours from one that somebody else called like it. */
export function isOurs(object: KubernetesObject): boolean {
  const { labels: present = {} } = object.metadata ?? {};
  return Object.entries(MANAGED_BY).every(([key, value]) => present[key] === value);
}
