/** What Kubernetes refuses, by resource: in an object by itself, and in what became of another. */
import {
  isMap,
  mapsIn,
  sameJson,
  selectorMatches,
  textOf,
  without,
  type FieldError,
  type JsonMap,
  type KubeObject,
  type Labels,
} from '../../store/index.ts';
import type { ResourceDefinition } from '../resources.ts';
import { isLabel, labelError, validateLabels, validateMetadata } from './metadata.ts';
import { isPort, oneOf, portError, validatePodSpec } from './pod-spec.ts';

type Check = (object: KubeObject, errors: FieldError[]) => void;
type Comparison = (object: KubeObject, old: KubeObject, errors: FieldError[]) => void;

const specOf = (object: KubeObject): JsonMap => (isMap(object['spec']) ? object['spec'] : {});
const outside = 'the sandbox does not have this: see docs/SANDBOX.md';

const checks: Readonly<Record<string, Check>> = {
  pods: (pod, errors) => errors.push(...validatePodSpec(specOf(pod), 'spec')),
  services,
  'deployments.apps': workload,
  'replicasets.apps': workload,
  'statefulsets.apps': (object, errors) => {
    workload(object, errors);
    if (mapsIn(specOf(object), 'volumeClaimTemplates').length > 0)
      errors.push({ type: 'forbidden', field: 'spec.volumeClaimTemplates', detail: outside });
  },
  'daemonsets.apps': workload,
  'jobs.batch': (object, errors) => {
    workload(object, errors);
    const template = isMap(specOf(object)['template']) ? (specOf(object)['template'] as JsonMap) : {};
    const spec = isMap(template['spec']) ? template['spec'] : {};
    if (spec['restartPolicy'] === 'Always')
      errors.push({
        type: 'required',
        field: 'spec.template.spec.restartPolicy',
        detail: 'valid values: "OnFailure", "Never"',
      });
  },
  configmaps: dataKeys,
  secrets: dataKeys,
};

const comparisons: Readonly<Record<string, Comparison>> = {
  pods: (pod, old, errors) => {
    if (!sameJson(fixedParts(specOf(pod)), fixedParts(specOf(old))))
      errors.push({
        type: 'forbidden',
        field: 'spec',
        detail:
          'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
      });
  },
  services: (service, old, errors) => {
    const [address, before] = [specOf(service)['clusterIP'], specOf(old)['clusterIP']];
    const leaves = specOf(service)['type'] === 'ExternalName' || specOf(old)['type'] === 'ExternalName';
    if (!leaves && before !== undefined && address !== before)
      errors.push({
        type: 'invalid',
        field: 'spec.clusterIPs[0]',
        value: [address],
        detail: 'may not change once set',
      });
  },
  'deployments.apps': immutable('spec', 'selector'),
  'replicasets.apps': immutable('spec', 'selector'),
  'daemonsets.apps': immutable('spec', 'selector'),
  'jobs.batch': (job, old, errors) => {
    for (const field of ['selector', 'template', 'completionMode'])
      immutable('spec', field)(job, old, errors);
  },
  'statefulsets.apps': (set, old, errors) => {
    const fixed = (object: KubeObject): JsonMap => without(specOf(object), ...statefulSetMutable);
    if (!sameJson(fixed(set), fixed(old)))
      errors.push({
        type: 'forbidden',
        field: 'spec',
        detail:
          "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      });
  },
  configmaps: frozenData,
  secrets: (secret, old, errors) => {
    if (secret['type'] !== old['type'])
      errors.push({ type: 'invalid', field: 'type', value: secret['type'], detail: 'field is immutable' });
    frozenData(secret, old, errors);
  },
  'rolebindings.rbac.authorization.k8s.io': roleReference,
  'clusterrolebindings.rbac.authorization.k8s.io': roleReference,
};

const statefulSetMutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

/** @param old what is stored now, where it is an update */
export function validate(definition: ResourceDefinition, object: KubeObject, old?: KubeObject): FieldError[] {
  const errors = validateMetadata(definition, object);
  checks[definition.key]?.(object, errors);
  if (old !== undefined) comparisons[definition.key]?.(object, old, errors);
  return errors;
}

function workload(object: KubeObject, errors: FieldError[]): void {
  const { selector, template, replicas } = specOf(object);
  const { metadata, spec } = isMap(template) ? template : {};
  const labels = (isMap(metadata) && isMap(metadata['labels']) ? metadata['labels'] : {}) as Labels;
  if (typeof replicas === 'number' && replicas < 0)
    errors.push({
      type: 'invalid',
      field: 'spec.replicas',
      value: replicas,
      detail: 'must be greater than or equal to 0',
    });
  if (!isMap(selector)) errors.push({ type: 'required', field: 'spec.selector' });
  else if (!isMap(selector['matchLabels']) && !Array.isArray(selector['matchExpressions']))
    errors.push({
      type: 'invalid',
      field: 'spec.selector',
      value: {},
      detail: 'empty selector is invalid for deployment',
    });
  else if (!selectorMatches(selector, labels))
    errors.push({
      type: 'invalid',
      field: 'spec.template.metadata.labels',
      value: labels,
      detail: '`selector` does not match template `labels`',
    });
  errors.push(...validateLabels(labels, 'spec.template.metadata.labels'));
  errors.push(...validatePodSpec(isMap(spec) ? spec : {}, 'spec.template.spec'));
  const policy = isMap(spec) ? spec['restartPolicy'] : undefined;
  if (object.kind !== 'Job' && policy !== 'Always')
    errors.push({
      type: 'unsupported',
      field: 'spec.template.spec.restartPolicy',
      value: policy,
      detail: 'supported values: "Always"',
    });
}

function services(object: KubeObject, errors: FieldError[]): void {
  const spec = specOf(object);
  const ports = mapsIn(spec, 'ports');
  oneOf(spec, 'type', ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'], 'spec', errors);
  if (spec['type'] === 'NodePort' || spec['type'] === 'LoadBalancer')
    errors.push({ type: 'forbidden', field: 'spec.type', detail: outside });
  if (spec['type'] === 'ExternalName' && (spec['externalName'] ?? '') === '')
    errors.push({ type: 'required', field: 'spec.externalName' });
  if (ports.length === 0 && spec['type'] !== 'ExternalName' && spec['clusterIP'] !== 'None')
    errors.push({ type: 'required', field: 'spec.ports' });
  oneOf(spec, 'sessionAffinity', ['ClientIP', 'None'], 'spec', errors);
  const names = new Set<unknown>();
  ports.forEach((port, index) => {
    const at = `spec.ports[${String(index)}]`;
    const name = textOf(port['name']);
    if (name === '' && ports.length > 1) errors.push({ type: 'required', field: `${at}.name` });
    else if (name !== '' && !isLabel(name)) errors.push(labelError(`${at}.name`, name));
    if (name !== '' && names.has(name)) errors.push({ type: 'duplicate', field: `${at}.name`, value: name });
    names.add(name);
    if (!isPort(port['port'])) errors.push(portError(`${at}.port`, port['port'] ?? 0));
    if (typeof port['targetPort'] === 'number' && !isPort(port['targetPort']))
      errors.push(portError(`${at}.targetPort`, port['targetPort']));
    oneOf(port, 'protocol', ['SCTP', 'TCP', 'UDP'], at, errors);
  });
}

function dataKeys(object: KubeObject, errors: FieldError[]): void {
  const data = {
    ...(object['data'] as JsonMap | undefined),
    ...(object['binaryData'] as JsonMap | undefined),
  };
  for (const key of Object.keys(data))
    if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key) || key === '.' || key === '..')
      errors.push({
        type: 'invalid',
        field: `data[${key}]`,
        value: key,
        detail:
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      });
}

function frozenData(object: KubeObject, old: KubeObject, errors: FieldError[]): void {
  if (old['immutable'] !== true) return;
  for (const field of ['data', 'binaryData', 'immutable'])
    if (!sameJson(object[field] ?? {}, old[field] ?? {}))
      errors.push({ type: 'forbidden', field, detail: 'field is immutable when `immutable` is set' });
}

function immutable(owner: string, field: string): Comparison {
  return (object, old, errors) => {
    const value = isMap(object[owner]) ? object[owner][field] : undefined;
    const before = isMap(old[owner]) ? old[owner][field] : undefined;
    if (!sameJson(value, before))
      errors.push({ type: 'invalid', field: `${owner}.${field}`, value, detail: 'field is immutable' });
  };
}

function roleReference(binding: KubeObject, old: KubeObject, errors: FieldError[]): void {
  if (!sameJson(binding['roleRef'], old['roleRef']))
    errors.push({
      type: 'invalid',
      field: 'roleRef',
      value: binding['roleRef'],
      detail: 'cannot change roleRef',
    });
}

/** A pod's spec without what an update may change. */
function fixedParts(spec: JsonMap): JsonMap {
  const rest = without(spec, 'activeDeadlineSeconds', 'tolerations', 'terminationGracePeriodSeconds');
  for (const list of ['containers', 'initContainers'])
    rest[list] = mapsIn(spec, list).map((container) => ({ ...container, image: '' }));
  return rest;
}
