/** What Kubernetes' admission plugins add to a new pod: its service account and token, tolerations, priority. */
import { randomBytes } from 'node:crypto';
import {
  forbidden,
  mapIn,
  mapsIn,
  textOf,
  type JsonMap,
  type KubeObject,
  type ObjectStore,
} from '../store/index.ts';
import { preset } from './defaults/pod-spec.ts';

/** Where programs in pods look for their token. */
const tokenFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Seconds that a pod stays on a node that is not ready or not reachable. */
const notReadyTolerationSeconds = 300;

/** Seconds of the token in a pod; the hour and seven seconds that Kubernetes asks for. */
const tokenSeconds = 3_607;

/** @throws {ApiError} 403 when there is no such service account yet */
export function admitPod(store: ObjectStore, pod: KubeObject): void {
  const spec = mapIn(pod, 'spec');
  const { name, namespace = '' } = pod.metadata;
  preset(spec, 'serviceAccountName', 'default');
  spec['serviceAccount'] = spec['serviceAccountName'];
  const accountName = String(spec['serviceAccountName']);
  const account = store.get('serviceaccounts', namespace, accountName);
  if (account === undefined)
    throw forbidden(
      { group: '', plural: 'pods', kind: 'Pod', ...(name === undefined ? {} : { name }) },
      `error looking up service account ${namespace}/${accountName}: serviceaccount ${JSON.stringify(accountName)} not found`,
    );
  if ((spec['automountServiceAccountToken'] ?? account['automountServiceAccountToken']) !== false)
    mountToken(spec);
  preset(spec, 'enableServiceLinks', true);
  preset(spec, 'preemptionPolicy', 'PreemptLowerPriority');
  preset(spec, 'priority', 0);
  tolerate(spec);
}

function mountToken(spec: JsonMap): void {
  const containers = ['initContainers', 'containers'].flatMap((list) => mapsIn(spec, list));
  const waiting = containers.filter(
    (container) => !mapsIn(container, 'volumeMounts').some((mount) => mount['mountPath'] === tokenFolder),
  );
  if (waiting.length === 0) return;
  const name = `kube-api-access-${randomName()}`;
  for (const container of waiting)
    container['volumeMounts'] = [
      ...mapsIn(container, 'volumeMounts'),
      { name, readOnly: true, mountPath: tokenFolder },
    ];
  const sources = [
    { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    {
      downwardAPI: {
        items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
      },
    },
  ];
  spec['volumes'] = [...mapsIn(spec, 'volumes'), { name, projected: { sources, defaultMode: 0o644 } }];
}

function tolerate(spec: JsonMap): void {
  const own = mapsIn(spec, 'tolerations');
  const missing = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].filter(
    (key) =>
      !own.some(
        (toleration) =>
          ((toleration['key'] ?? '') === '' || toleration['key'] === key) &&
          ['', 'NoExecute'].includes(textOf(toleration['effect'])),
      ),
  );
  spec['tolerations'] = [
    ...own,
    ...missing.map((key) => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: notReadyTolerationSeconds,
    })),
  ];
}

/** Without vowels and what looks like them, as Kubernetes' generated names, so that no word comes out. */
const nameAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** Five characters for `generateName`. */
export function randomName(): string {
  return [...randomBytes(5)].map((byte) => nameAlphabet[byte % nameAlphabet.length]).join('');
}

/** The quality-of-service class of a pod, by what its containers ask for. */
export function qosClass(pod: KubeObject): string {
  const all = ['initContainers', 'containers'].flatMap((list) => mapsIn(pod['spec'], list));
  const resources = all.map((container) => mapIn({ ...container }, 'resources'));
  const amounts = (owner: JsonMap, field: string): JsonMap => mapIn({ ...owner }, field);
  if (
    resources.every(
      (item) =>
        !Object.keys(amounts(item, 'limits')).length && !Object.keys(amounts(item, 'requests')).length,
    )
  )
    return 'BestEffort';
  const guaranteed = resources.every((item) =>
    ['cpu', 'memory'].every((name) => {
      const limit = amounts(item, 'limits')[name];
      return limit !== undefined && amounts(item, 'requests')[name] === limit;
    }),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
