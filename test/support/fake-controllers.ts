/**
 * What Kubernetes' controllers and the kubelet would do to the objects of a {@link FakeKube}, at once and all together:
 * pods follow their templates, and Endpoints follow pods. As in a real cluster, a ReplicaSet leaves the pods that it has
 * alone, and a StatefulSet waits for ever for a pod that does not get ready.
 */
import {
  paths,
  type KubernetesObject,
  type V1Deployment,
  type V1Endpoints,
  type V1Pod,
  type V1ReplicaSet,
  type V1Service,
  type V1StatefulSet,
} from '../../src/kube/index.ts';
import { isReady } from '../../src/intercepts/pod-state.ts';
import { controllerOf, selects, type PodTemplate } from '../../src/intercepts/workload.ts';
import type { FakeKube } from './fake-kube.ts';
import { NAMESPACE } from './kube-objects.ts';

export interface Controllers {
  /** What the kubelet makes of a new pod. Default: it is ready. */
  startPod: (pod: V1Pod) => V1Pod['status'];
  /** Set: the controllers of workloads rest, as for a paused rollout. */
  isPaused: boolean;
}

export const ready: V1Pod['status'] = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };

/** Starts the controllers; the object that is returned steers them. */
export function startControllers(kube: FakeKube): Controllers {
  const controllers: Controllers = { startPod: () => ready, isPaused: false };
  let isRunning = false;
  const reconcile = (): void => {
    // What the controllers write themselves comes back here.
    if (isRunning) return;
    isRunning = true;
    try {
      for (let round = 0; round < 10 && reconcileOnce(kube, controllers); round += 1);
    } finally {
      isRunning = false;
    }
  };
  kube.onWrite(reconcile);
  return controllers;
}

/** @returns whether something was changed */
function reconcileOnce(kube: FakeKube, { startPod, isPaused }: Controllers): boolean {
  const before = kube.writes.length + countVersions(kube);
  if (!isPaused) {
    for (const object of kube.all<V1Deployment>(paths.deployments(NAMESPACE)))
      rollOutDeployment(kube, object);
    for (const object of kube.all<V1ReplicaSet>(paths.replicaSets(NAMESPACE)))
      fillUp(kube, 'ReplicaSet', object);
    for (const object of kube.all<V1StatefulSet>(paths.statefulSets(NAMESPACE)))
      rollOutStatefulSet(kube, object);
  }
  for (const pod of kube.all<V1Pod>(paths.pods(NAMESPACE)))
    if (pod.status === undefined)
      putIfChanged(kube, paths.pods(NAMESPACE, nameOf(pod)), { ...pod, status: startPod(pod) ?? {} });
  for (const service of kube.all<V1Service>(paths.services(NAMESPACE))) writeEndpoints(kube, service);
  return kube.writes.length + countVersions(kube) !== before;
}

function countVersions(kube: FakeKube): number {
  const collections = [paths.pods, paths.deployments, paths.replicaSets, paths.statefulSets, paths.endpoints];
  return collections
    .flatMap((path) => kube.all(path(NAMESPACE)))
    .reduce((sum, { metadata }) => sum + Number(metadata?.resourceVersion), 0);
}

function rollOutDeployment(kube: FakeKube, object: V1Deployment): void {
  const { metadata = {}, spec } = object;
  const template = spec?.template ?? {};
  const own = kube
    .all<V1ReplicaSet>(paths.replicaSets(NAMESPACE))
    .filter((replicaSet) => controllerOf(replicaSet.metadata)?.uid === metadata.uid);
  const current = own.find((replicaSet) => isSame(replicaSet.spec?.template, template));
  const old = own.filter((replicaSet) => replicaSet !== current);
  const wanted = spec?.replicas ?? 1;
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    controller: true,
  };
  const replicaSet: V1ReplicaSet = current ?? {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${metadata.name ?? ''}-${own.length + 1}`,
      namespace: NAMESPACE,
      labels: template.metadata?.labels ?? {},
      ownerReferences: [owner],
    },
    spec: { replicas: 0, selector: spec?.selector ?? {}, template },
  };
  putIfChanged(kube, paths.replicaSets(NAMESPACE, nameOf(replicaSet)), {
    ...replicaSet,
    spec: { ...replicaSet.spec, selector: replicaSet.spec?.selector ?? {}, replicas: wanted },
  });
  const pods = podsOf(kube, current?.metadata?.uid).filter(isReady);
  // The old pods go once the new ones are ready.
  const isComplete = current !== undefined && pods.length >= wanted;
  for (const previous of isComplete ? old : []) {
    putIfChanged(kube, paths.replicaSets(NAMESPACE, nameOf(previous)), {
      ...previous,
      spec: { ...previous.spec, selector: previous.spec?.selector ?? {}, replicas: 0 },
    });
    for (const pod of podsOf(kube, previous.metadata?.uid)) kube.drop(paths.pods(NAMESPACE, nameOf(pod)));
  }
  putIfChanged(kube, paths.deployments(NAMESPACE, nameOf(object)), {
    ...object,
    status: {
      ...object.status,
      observedGeneration: metadata.generation ?? 0,
      availableReplicas: pods.length,
      readyReplicas: pods.length,
    },
  });
}

function rollOutStatefulSet(kube: FakeKube, object: V1StatefulSet): void {
  const { metadata, spec } = object;
  const pods = podsOf(kube, metadata?.uid);
  const outdated = pods.find((pod) => !isSame(pod.spec, spec?.template.spec));
  if (outdated !== undefined && pods.every(isReady) && spec?.updateStrategy?.type !== 'OnDelete')
    kube.drop(paths.pods(NAMESPACE, nameOf(outdated)));
  fillUp(kube, 'StatefulSet', object);
}

/** Makes pods until there are enough. */
function fillUp(kube: FakeKube, kind: string, object: V1ReplicaSet | V1StatefulSet): void {
  const { metadata = {}, spec } = object;
  const pods = podsOf(kube, metadata.uid);
  const wanted = spec?.replicas ?? 1;
  const names = new Set(kube.all(paths.pods(NAMESPACE)).map(nameOf));
  const owner = {
    apiVersion: 'apps/v1',
    kind,
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    controller: true,
  };
  for (let index = 0, missing = wanted - pods.length; missing > 0; index += 1) {
    const name = `${metadata.name ?? ''}-${index}`;
    if (names.has(name)) continue;
    missing -= 1;
    putIfChanged(kube, paths.pods(NAMESPACE, name), makePod(name, spec?.template ?? {}, owner));
  }
  for (const pod of pods.slice(wanted)) kube.drop(paths.pods(NAMESPACE, nameOf(pod)));
  if (kind === 'StatefulSet' || controllerOf(metadata) === undefined) {
    const path = kind === 'StatefulSet' ? paths.statefulSets : paths.replicaSets;
    putIfChanged(kube, path(NAMESPACE, nameOf(object)), {
      ...object,
      status: { ...object.status, observedGeneration: metadata.generation ?? 0, replicas: wanted },
    });
  }
}

function makePod(
  name: string,
  { metadata = {}, spec }: PodTemplate,
  owner: NonNullable<NonNullable<V1Pod['metadata']>['ownerReferences']>[number],
): V1Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name, namespace: NAMESPACE, ownerReferences: [owner] },
    ...(spec === undefined ? {} : { spec }),
  };
}

function podsOf(kube: FakeKube, owner: string | undefined): V1Pod[] {
  return kube
    .all<V1Pod>(paths.pods(NAMESPACE))
    .filter(({ metadata }) => controllerOf(metadata)?.uid === owner);
}

/** One subset for each port, as the endpoints controller would write it. */
function writeEndpoints(kube: FakeKube, service: V1Service): void {
  const name = nameOf(service);
  const pods = kube
    .all<V1Pod>(paths.pods(NAMESPACE))
    .filter((pod) => isReady(pod) && selects(service.spec?.selector, pod.metadata?.labels));
  const subsets = pods.flatMap((pod) =>
    (service.spec?.ports ?? []).flatMap(({ name: portName, protocol = 'TCP', port, targetPort = port }) => {
      const number =
        typeof targetPort === 'number'
          ? targetPort
          : pod.spec?.containers
              .flatMap(({ ports = [] }) => ports)
              .find((entry) => entry.name === targetPort && (entry.protocol ?? 'TCP') === protocol)
              ?.containerPort;
      if (number === undefined) return [];
      return {
        addresses: [{ ip: '10.1.0.1', targetRef: { kind: 'Pod', name: nameOf(pod) } }],
        ports: [{ port: number, protocol, ...(portName === undefined ? {} : { name: portName }) }],
      };
    }),
  );
  const endpoints: V1Endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name, namespace: NAMESPACE },
    subsets,
  };
  putIfChanged(kube, paths.endpoints(NAMESPACE, name), endpoints);
}

function putIfChanged(kube: FakeKube, path: string, object: object): void {
  const present = kube.has(path) ? kube.read(path) : undefined;
  if (!isSame({ ...present, metadata: undefined }, { ...object, metadata: undefined }))
    kube.put(path, object);
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function nameOf(object: KubernetesObject): string {
  return object.metadata?.name ?? '';
}
