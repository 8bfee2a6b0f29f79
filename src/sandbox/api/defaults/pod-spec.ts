/** What Kubernetes fills in where a pod's spec says nothing. */
import { isMap, mapIn, mapsIn, textOf, type JsonMap } from '../../store/index.ts';

/** Mode 0644, in the decimal that JSON has. */
const defaultMode = 0o644;

/** Sets `field` where it is missing. */
export function preset(owner: JsonMap, field: string, value: unknown): void {
  owner[field] ??= value;
}

export function defaultPodSpec(spec: JsonMap): void {
  preset(spec, 'restartPolicy', 'Always');
  preset(spec, 'terminationGracePeriodSeconds', 30);
  preset(spec, 'dnsPolicy', 'ClusterFirst');
  preset(spec, 'securityContext', {});
  preset(spec, 'schedulerName', 'default-scheduler');
  // `serviceAccount` is the old name of `serviceAccountName`; both are kept alike.
  const account = spec['serviceAccountName'] ?? spec['serviceAccount'];
  if (account !== undefined && account !== '') {
    spec['serviceAccountName'] = account;
    spec['serviceAccount'] = account;
  }
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'])
    for (const container of mapsIn(spec, list)) defaultContainer(container);
  for (const volume of mapsIn(spec, 'volumes')) defaultVolume(volume);
}

function defaultContainer(container: JsonMap): void {
  preset(container, 'resources', {});
  preset(container, 'terminationMessagePath', '/dev/termination-log');
  preset(container, 'terminationMessagePolicy', 'File');
  preset(container, 'imagePullPolicy', pullPolicy(textOf(container['image'])));
  for (const port of mapsIn(container, 'ports')) preset(port, 'protocol', 'TCP');
  for (const variable of mapsIn(container, 'env')) {
    const source = variable['valueFrom'];
    if (!isMap(source)) continue;
    if (isMap(source['fieldRef'])) preset(source['fieldRef'], 'apiVersion', 'v1');
    if (isMap(source['resourceFieldRef'])) preset(source['resourceFieldRef'], 'divisor', '0');
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = container[name];
    if (isMap(probe)) defaultProbe(probe);
  }
  const lifecycle = container['lifecycle'];
  if (isMap(lifecycle))
    for (const hook of [lifecycle['postStart'], lifecycle['preStop']]) if (isMap(hook)) defaultAction(hook);
  const resources = container['resources'];
  if (isMap(resources) && isMap(resources['limits']))
    resources['requests'] = { ...resources['limits'], ...mapIn(resources, 'requests') };
}

function pullPolicy(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1);
  if (name.includes('@')) return 'IfNotPresent';
  return !name.includes(':') || name.endsWith(':latest') ? 'Always' : 'IfNotPresent';
}

function defaultProbe(probe: JsonMap): void {
  preset(probe, 'timeoutSeconds', 1);
  preset(probe, 'periodSeconds', 10);
  preset(probe, 'successThreshold', 1);
  preset(probe, 'failureThreshold', 3);
  defaultAction(probe);
}

function defaultAction(action: JsonMap): void {
  if (isMap(action['httpGet'])) {
    preset(action['httpGet'], 'path', '/');
    preset(action['httpGet'], 'scheme', 'HTTP');
  }
  if (isMap(action['grpc'])) preset(action['grpc'], 'service', '');
}

function defaultVolume(volume: JsonMap): void {
  if (Object.keys(volume).every((field) => field === 'name')) volume['emptyDir'] = {};
  for (const kind of ['configMap', 'secret', 'projected', 'downwardAPI']) {
    const source = volume[kind];
    if (!isMap(source)) continue;
    preset(source, 'defaultMode', defaultMode);
    defaultFieldReferences(source);
    for (const projection of mapsIn(source, 'sources')) {
      if (isMap(projection['serviceAccountToken']))
        preset(projection['serviceAccountToken'], 'expirationSeconds', 3_600);
      if (isMap(projection['downwardAPI'])) defaultFieldReferences(projection['downwardAPI']);
    }
  }
  if (isMap(volume['hostPath'])) preset(volume['hostPath'], 'type', '');
}

function defaultFieldReferences(source: JsonMap): void {
  for (const item of mapsIn(source, 'items'))
    if (isMap(item['fieldRef'])) preset(item['fieldRef'], 'apiVersion', 'v1');
}
