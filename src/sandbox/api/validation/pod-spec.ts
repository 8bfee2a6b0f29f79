/** What Kubernetes refuses in a pod's spec, as far as clients run into it. */
import { isMap, mapsIn, textOf, type FieldError, type JsonMap } from '../../store/index.ts';
import { isLabel, labelError } from './metadata.ts';

const outside = 'the sandbox does not have this: see docs/SANDBOX.md';
const volumeKinds = ['configMap', 'secret', 'projected', 'downwardAPI', 'emptyDir', 'hostPath'];

/** @param path of the spec, such as `spec` or `spec.template.spec` */
export function validatePodSpec(spec: JsonMap, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const volumes = validateVolumes(spec, path, errors);
  const names = new Set<string>();
  if (mapsIn(spec, 'containers').length === 0) errors.push({ type: 'required', field: `${path}.containers` });
  for (const list of ['containers', 'initContainers', 'ephemeralContainers'])
    mapsIn(spec, list).forEach((container, index) => {
      const at = `${path}.${list}[${String(index)}]`;
      validateContainer(container, at, volumes, errors);
      const name = textOf(container['name']);
      if (names.has(name)) errors.push({ type: 'duplicate', field: `${at}.name`, value: name });
      names.add(name);
    });
  oneOf(spec, 'restartPolicy', ['Always', 'OnFailure', 'Never'], path, errors);
  oneOf(spec, 'dnsPolicy', ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'], path, errors);
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC'])
    if (spec[field] === true) errors.push({ type: 'forbidden', field: `${path}.${field}`, detail: outside });
  return errors;
}

function validateVolumes(spec: JsonMap, path: string, errors: FieldError[]): Set<string> {
  const names = new Set<string>();
  mapsIn(spec, 'volumes').forEach((volume, index) => {
    const at = `${path}.volumes[${String(index)}]`;
    const name = textOf(volume['name']);
    if (name === '') errors.push({ type: 'required', field: `${at}.name` });
    else if (!isLabel(name)) errors.push(labelError(`${at}.name`, name));
    if (names.has(name)) errors.push({ type: 'duplicate', field: `${at}.name`, value: name });
    names.add(name);
    for (const kind of Object.keys(volume))
      if (kind !== 'name' && !volumeKinds.includes(kind))
        errors.push({ type: 'forbidden', field: `${at}.${kind}`, detail: outside });
  });
  return names;
}

function validateContainer(container: JsonMap, at: string, volumes: Set<string>, errors: FieldError[]): void {
  const name = textOf(container['name']);
  if (name === '') errors.push({ type: 'required', field: `${at}.name` });
  else if (!isLabel(name)) errors.push(labelError(`${at}.name`, name));
  const image = container['image'];
  if (image === undefined || image === '') errors.push({ type: 'required', field: `${at}.image` });
  oneOf(container, 'imagePullPolicy', ['Always', 'IfNotPresent', 'Never'], at, errors);
  validatePorts(container, at, errors);
  mapsIn(container, 'env').forEach((variable, index) => {
    if ((variable['name'] ?? '') === '')
      errors.push({ type: 'required', field: `${at}.env[${String(index)}].name` });
    if ((variable['value'] ?? '') !== '' && isMap(variable['valueFrom']))
      errors.push({
        type: 'invalid',
        field: `${at}.env[${String(index)}].valueFrom`,
        value: '',
        detail: 'may not be specified when `value` is not empty',
      });
  });
  const paths = new Set<unknown>();
  mapsIn(container, 'volumeMounts').forEach((mount, index) => {
    const field = `${at}.volumeMounts[${String(index)}]`;
    if ((mount['name'] ?? '') === '') errors.push({ type: 'required', field: `${field}.name` });
    else if (!volumes.has(textOf(mount['name'])))
      errors.push({ type: 'notFound', field: `${field}.name`, value: mount['name'] });
    if ((mount['mountPath'] ?? '') === '') errors.push({ type: 'required', field: `${field}.mountPath` });
    if (paths.has(mount['mountPath']))
      errors.push({
        type: 'invalid',
        field: `${field}.mountPath`,
        value: mount['mountPath'],
        detail: 'must be unique',
      });
    paths.add(mount['mountPath']);
  });
}

function validatePorts(container: JsonMap, at: string, errors: FieldError[]): void {
  const names = new Set<unknown>();
  mapsIn(container, 'ports').forEach((port, index) => {
    const field = `${at}.ports[${String(index)}]`;
    const number = port['containerPort'];
    if (number === undefined) errors.push({ type: 'required', field: `${field}.containerPort` });
    else if (!isPort(number)) errors.push(portError(`${field}.containerPort`, number));
    if (port['hostPort'] !== undefined)
      errors.push({ type: 'forbidden', field: `${field}.hostPort`, detail: outside });
    oneOf(port, 'protocol', ['SCTP', 'TCP', 'UDP'], field, errors);
    const name = textOf(port['name']);
    if (name === '') return;
    if (names.has(name)) errors.push({ type: 'duplicate', field: `${field}.name`, value: name });
    names.add(name);
    if (!isPortName(name))
      errors.push({
        type: 'invalid',
        field: `${field}.name`,
        value: name,
        detail: portNameWords(name),
      });
  });
}

export function isPort(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

export function portError(field: string, value: unknown): FieldError {
  return { type: 'invalid', field, value, detail: 'must be between 1 and 65535, inclusive' };
}

/** An IANA service name: at most 15 characters. */
function isPortName(name: string): boolean {
  return name.length <= 15 && /^[a-z0-9](?:-?[a-z0-9])*$/.test(name) && /[a-z]/.test(name);
}

function portNameWords(name: string): string {
  if (name.length > 15) return 'must be no more than 15 characters';
  if (!/[a-z]/.test(name)) return 'must contain at least one letter (a-z)';
  return 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)';
}

export function oneOf(
  owner: JsonMap,
  field: string,
  values: readonly string[],
  path: string,
  errors: FieldError[],
): void {
  const value = owner[field];
  if (value === undefined || values.includes(value as string)) return;
  const list = values.map((item) => JSON.stringify(item)).join(', ');
  errors.push({ type: 'unsupported', field: `${path}.${field}`, value, detail: `supported values: ${list}` });
}
