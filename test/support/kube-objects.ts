/** Kubernetes objects as an API server tells them, short to write. */
import type {
  V1Container,
  V1ContainerPort,
  V1Deployment,
  V1ObjectMeta,
  V1Pod,
  V1PodSpec,
  V1Service,
  V1ServicePort,
} from '../../src/kube/index.ts';
import type { Inventory } from '../../src/intercepts/inventory.ts';
import { findTarget, type Target } from '../../src/intercepts/resolve-target.ts';
import { parseTargetName } from '../../src/intercepts/target-name.ts';
import { toWorkload } from '../../src/intercepts/workload.ts';

export const NAMESPACE = 'shop';

export function container(
  name: string,
  ports: V1ContainerPort[] = [],
  more: Partial<V1Container> = {},
): V1Container {
  return { name, image: `example.org/${name}:1`, ...(ports.length === 0 ? {} : { ports }), ...more };
}

/** A port of a container: `port(8080, 'http')`. */
export function port(containerPort: number, name?: string, protocol = 'TCP'): V1ContainerPort {
  return { containerPort, protocol, ...(name === undefined ? {} : { name }) };
}

export interface DeploymentOptions {
  containers?: V1Container[];
  replicas?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  spec?: Partial<V1PodSpec>;
  metadata?: V1ObjectMeta;
}

export function deployment(name: string, options: DeploymentOptions = {}): V1Deployment {
  const {
    containers = [container('app', [port(8080, 'http')])],
    replicas = 1,
    labels = { app: name },
  } = options;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE, uid: `uid-${name}`, resourceVersion: '7', ...options.metadata },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: {
          labels,
          ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
        },
        spec: { containers, ...options.spec },
      },
    },
  };
}

/** A port of a Service: `servicePort(80, 'http')` by name, `servicePort(80, 8080)` by number. */
export function servicePort(
  number: number,
  targetPort: number | string,
  more: Partial<V1ServicePort> = {},
): V1ServicePort {
  return { port: number, protocol: 'TCP', targetPort, ...more };
}

export interface ServiceOptions {
  selector?: Record<string, string>;
  headless?: boolean;
  metadata?: V1ObjectMeta;
}

export function service(name: string, ports: V1ServicePort[], options: ServiceOptions = {}): V1Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: NAMESPACE,
      uid: `uid-svc-${name}`,
      resourceVersion: '3',
      ...options.metadata,
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: options.headless === true ? 'None' : '10.0.0.1',
      selector: options.selector ?? { app: name },
      ports,
    },
  };
}

export interface PodOptions {
  labels?: Record<string, string>;
  owner?: { kind: string; name: string };
  containers?: V1Container[];
  metadata?: V1ObjectMeta;
  status?: V1Pod['status'];
}

export function pod(name: string, options: PodOptions = {}): V1Pod {
  const { owner, labels = { app: name } } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: NAMESPACE,
      uid: `uid-pod-${name}`,
      resourceVersion: '5',
      labels,
      ...(owner === undefined ? {} : { ownerReferences: [ownerReference(owner)] }),
      ...options.metadata,
    },
    spec: { containers: options.containers ?? [container('app', [port(8080, 'http')])] },
    status: options.status ?? { phase: 'Running' },
  };
}

export function ownerReference({ kind, name }: { kind: string; name: string }): {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller: boolean;
} {
  return { apiVersion: 'apps/v1', kind, name, uid: `uid-${name}`, controller: true };
}

/** What `readInventory` would return for these objects. */
export function inventory(parts: Partial<Inventory>): Inventory {
  return {
    namespace: NAMESPACE,
    services: [],
    workloads: [],
    pods: [],
    replicaSets: [],
    hidden: [],
    ...parts,
  };
}

/** Resolves `name` in a namespace with one Deployment and some Services. */
export function target(name: string, workload: V1Deployment, services: V1Service[]): Target {
  return findTarget(
    inventory({ services, workloads: [toWorkload('Deployment', NAMESPACE, workload)] }),
    parseTargetName(name),
  );
}
