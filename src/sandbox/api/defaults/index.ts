/** What Kubernetes fills in where an object says nothing, by resource. Each changes the object it is given. */
import { isMap, mapIn, mapsIn, type JsonMap, type KubeObject } from '../../store/index.ts';
import { defaultPodSpec, preset } from './pod-spec.ts';

type Defaults = (object: KubeObject) => void;

const table: Readonly<Record<string, Defaults>> = {
  pods: (pod) => defaultPodSpec(mapIn(pod, 'spec')),
  services,
  secrets,
  endpoints: (object) => {
    for (const subset of mapsIn(object, 'subsets'))
      for (const port of mapsIn(subset, 'ports')) preset(port, 'protocol', 'TCP');
  },
  'endpointslices.discovery.k8s.io': (object) => {
    for (const port of mapsIn(object, 'ports')) {
      preset(port, 'name', '');
      preset(port, 'protocol', 'TCP');
    }
  },
  namespaces: (object) => {
    preset(mapIn(object, 'spec'), 'finalizers', ['kubernetes']);
    preset(mapIn(object, 'status'), 'phase', 'Active');
    object.metadata.labels = {
      ...object.metadata.labels,
      'kubernetes.io/metadata.name': object.metadata.name ?? '',
    };
  },
  'deployments.apps': (object) => {
    const spec = workload(object, 1);
    preset(spec, 'progressDeadlineSeconds', 600);
    const strategy = mapIn(spec, 'strategy');
    preset(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate') {
      const rolling = mapIn(strategy, 'rollingUpdate');
      preset(rolling, 'maxUnavailable', '25%');
      preset(rolling, 'maxSurge', '25%');
    }
    preset(spec, 'revisionHistoryLimit', 10);
  },
  'replicasets.apps': (object) => workload(object, 1),
  'statefulsets.apps': (object) => {
    const spec = workload(object, 1);
    preset(spec, 'podManagementPolicy', 'OrderedReady');
    preset(spec, 'serviceName', '');
    const strategy = mapIn(spec, 'updateStrategy');
    preset(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate') preset(mapIn(strategy, 'rollingUpdate'), 'partition', 0);
    preset(spec, 'revisionHistoryLimit', 10);
    const retention = mapIn(spec, 'persistentVolumeClaimRetentionPolicy');
    preset(retention, 'whenDeleted', 'Retain');
    preset(retention, 'whenScaled', 'Retain');
  },
  'daemonsets.apps': (object) => {
    const spec = workload(object);
    const strategy = mapIn(spec, 'updateStrategy');
    preset(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate') {
      const rolling = mapIn(strategy, 'rollingUpdate');
      preset(rolling, 'maxUnavailable', 1);
      preset(rolling, 'maxSurge', 0);
    }
    preset(spec, 'revisionHistoryLimit', 10);
  },
  'jobs.batch': (object) => {
    const spec = workload(object);
    if (spec['completions'] === undefined && spec['parallelism'] === undefined) spec['completions'] = 1;
    preset(spec, 'parallelism', 1);
    preset(spec, 'backoffLimit', 6);
    preset(spec, 'completionMode', 'NonIndexed');
    preset(spec, 'suspend', false);
    preset(spec, 'podReplacementPolicy', 'TerminatingOrFailed');
  },
  'rolebindings.rbac.authorization.k8s.io': binding,
  'clusterrolebindings.rbac.authorization.k8s.io': binding,
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': (object) => {
    for (const webhook of webhooks(object)) preset(webhook, 'reinvocationPolicy', 'Never');
  },
  'validatingwebhookconfigurations.admissionregistration.k8s.io': webhooks,
};

/** @param resource the key of its definition */
export function applyDefaults(resource: string, object: KubeObject): void {
  table[resource]?.(object);
}

/** The spec of a workload whose pod template has its defaults. */
function workload(object: KubeObject, replicas?: number): JsonMap {
  const spec = mapIn(object, 'spec');
  if (replicas !== undefined) preset(spec, 'replicas', replicas);
  const template = mapIn(spec, 'template');
  mapIn(template, 'metadata');
  defaultPodSpec(mapIn(template, 'spec'));
  return spec;
}

function services(object: KubeObject): void {
  const spec = mapIn(object, 'spec');
  preset(spec, 'type', 'ClusterIP');
  preset(spec, 'sessionAffinity', 'None');
  if (spec['sessionAffinity'] === 'ClientIP')
    preset(mapIn(mapIn(spec, 'sessionAffinityConfig'), 'clientIP'), 'timeoutSeconds', 10_800);
  else delete spec['sessionAffinityConfig'];
  for (const port of mapsIn(spec, 'ports')) {
    preset(port, 'protocol', 'TCP');
    if (port['targetPort'] === undefined || port['targetPort'] === 0 || port['targetPort'] === '')
      port['targetPort'] = port['port'];
  }
  if (spec['type'] === 'ExternalName') return;
  preset(spec, 'internalTrafficPolicy', 'Cluster');
  preset(spec, 'ipFamilies', ['IPv4']);
  preset(spec, 'ipFamilyPolicy', 'SingleStack');
}

function secrets(object: KubeObject): void {
  preset(object, 'type', 'Opaque');
  const texts = object['stringData'];
  if (!isMap(texts)) return;
  const data = mapIn(object, 'data');
  for (const [key, text] of Object.entries(texts)) data[key] = Buffer.from(String(text)).toString('base64');
  delete object['stringData'];
}

function binding(object: KubeObject): void {
  preset(mapIn(object, 'roleRef'), 'apiGroup', 'rbac.authorization.k8s.io');
  for (const subject of mapsIn(object, 'subjects')) {
    if (subject['kind'] !== 'ServiceAccount') preset(subject, 'apiGroup', 'rbac.authorization.k8s.io');
  }
}

function webhooks(object: KubeObject): JsonMap[] {
  const list = mapsIn(object, 'webhooks');
  for (const webhook of list) {
    preset(webhook, 'failurePolicy', 'Fail');
    preset(webhook, 'matchPolicy', 'Equivalent');
    preset(webhook, 'namespaceSelector', {});
    preset(webhook, 'objectSelector', {});
    preset(webhook, 'timeoutSeconds', 10);
    for (const rule of mapsIn(webhook, 'rules')) preset(rule, 'scope', '*');
    const client = webhook['clientConfig'];
    if (isMap(client) && isMap(client['service'])) preset(client['service'], 'port', 443);
  }
  return list;
}
