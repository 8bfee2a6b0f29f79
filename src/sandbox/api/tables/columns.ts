/** The columns that `kubectl get` shows of each resource between its name and its age. */
import { isMap, mapsIn, textOf, type KubeObject } from '../../store/index.ts';
import { at, containersOf, numberAt, podCells, selectorText, textAt } from './cells.ts';

export interface Column {
  name: string;
  type?: 'integer' | 'number' | 'date';
  /** Shown with `-o wide` only. */
  wide?: true;
  cell: (object: KubeObject, nowMs: number) => unknown;
}

const integer = (name: string, ...path: string[]): Column => ({
  name,
  type: 'integer',
  cell: (object) => numberAt(object, ...path),
});
const text = (name: string, ...path: string[]): Column => ({
  name,
  cell: (object) => textAt(object, ...path) || '<none>',
});
const count = (name: string, field: string): Column => ({
  name,
  type: 'integer',
  cell: (object) => (isMap(object[field]) ? Object.keys(object[field]).length : 0),
});
const wide = (column: Column): Column => ({ ...column, wide: true });

const template: Column[] = [
  {
    name: 'Containers',
    wide: true,
    cell: (object) => containersOf(at(object, 'spec', 'template', 'spec')).names,
  },
  {
    name: 'Images',
    wide: true,
    cell: (object) => containersOf(at(object, 'spec', 'template', 'spec')).images,
  },
];
const selector: Column = {
  name: 'Selector',
  wide: true,
  cell: (object) => selectorText(at(object, 'spec', 'selector')),
};
const ready = (desired: string[]): Column => ({
  name: 'Ready',
  cell: (object) =>
    `${String(numberAt(object, 'status', 'readyReplicas'))}/${String(numberAt(object, ...desired))}`,
});

/** What comes after the name when the table has no AGE of its own place. */
export const columns: Readonly<Record<string, readonly Column[]>> = {
  pods: [
    { name: 'Ready', cell: (pod, now) => podCells(pod, now).ready },
    { name: 'Status', cell: (pod, now) => podCells(pod, now).status },
    { name: 'Restarts', cell: (pod, now) => podCells(pod, now).restarts },
    wide(text('IP', 'status', 'podIP')),
    wide(text('Node', 'spec', 'nodeName')),
    wide(text('Nominated Node', 'status', 'nominatedNodeName')),
    { name: 'Readiness Gates', wide: true, cell: () => '<none>' },
  ],
  services: [
    text('Type', 'spec', 'type'),
    text('Cluster-IP', 'spec', 'clusterIP'),
    { name: 'External-IP', cell: (object) => textAt(object, 'spec', 'externalName') || '<none>' },
    {
      name: 'Port(s)',
      cell: (object) =>
        mapsIn(object['spec'], 'ports')
          .map((port) => `${String(numberAt(port, 'port'))}/${textOf(port['protocol'])}`)
          .join(',') || '<none>',
    },
    selector,
  ],
  endpoints: [{ name: 'Endpoints', cell: endpoints }],
  namespaces: [text('Status', 'status', 'phase')],
  configmaps: [count('Data', 'data')],
  secrets: [text('Type', 'type'), count('Data', 'data')],
  serviceaccounts: [{ name: 'Secrets', type: 'integer', cell: (object) => mapsIn(object, 'secrets').length }],
  nodes: [
    {
      name: 'Status',
      cell: (node) => {
        const condition = mapsIn(node['status'], 'conditions').find((item) => item['type'] === 'Ready');
        return condition?.['status'] === 'True' ? 'Ready' : 'NotReady';
      },
    },
    { name: 'Roles', cell: () => '<none>' },
    { name: 'Version', cell: (node) => textAt(node, 'status', 'nodeInfo', 'kubeletVersion') },
  ],
  'deployments.apps': [
    ready(['spec', 'replicas']),
    integer('Up-to-date', 'status', 'updatedReplicas'),
    integer('Available', 'status', 'availableReplicas'),
    ...template,
    selector,
  ],
  'replicasets.apps': [
    integer('Desired', 'spec', 'replicas'),
    integer('Current', 'status', 'replicas'),
    integer('Ready', 'status', 'readyReplicas'),
    ...template,
    selector,
  ],
  'statefulsets.apps': [ready(['spec', 'replicas']), ...template],
  'daemonsets.apps': [
    integer('Desired', 'status', 'desiredNumberScheduled'),
    integer('Current', 'status', 'currentNumberScheduled'),
    integer('Ready', 'status', 'numberReady'),
    integer('Up-to-date', 'status', 'updatedNumberScheduled'),
    integer('Available', 'status', 'numberAvailable'),
    {
      name: 'Node Selector',
      cell: (object) => selectorText(at(object, 'spec', 'template', 'spec', 'nodeSelector')),
    },
    ...template,
    selector,
  ],
  'jobs.batch': [
    {
      name: 'Status',
      cell: (job) => {
        const conditions = mapsIn(job['status'], 'conditions').filter((item) => item['status'] === 'True');
        return (
          ['Complete', 'Failed'].find((type) => conditions.some((item) => item['type'] === type)) ?? 'Running'
        );
      },
    },
    {
      name: 'Completions',
      cell: (job) =>
        `${String(numberAt(job, 'status', 'succeeded'))}/${String(numberAt(job, 'spec', 'completions') || 1)}`,
    },
  ],
  'endpointslices.discovery.k8s.io': [
    text('AddressType', 'addressType'),
    {
      name: 'Ports',
      cell: (object) =>
        mapsIn(object, 'ports')
          .map((port) => numberAt(port, 'port'))
          .join(',') || '<unset>',
    },
    {
      name: 'Endpoints',
      cell: (object) =>
        mapsIn(object, 'endpoints')
          .flatMap((endpoint) => endpoint['addresses'])
          .join(',') || '<unset>',
    },
  ],
  'leases.coordination.k8s.io': [text('Holder', 'spec', 'holderIdentity')],
  'rolebindings.rbac.authorization.k8s.io': [
    {
      name: 'Role',
      cell: (object) => `${textAt(object, 'roleRef', 'kind')}/${textAt(object, 'roleRef', 'name')}`,
    },
  ],
  'clusterrolebindings.rbac.authorization.k8s.io': [
    {
      name: 'Role',
      cell: (object) => `${textAt(object, 'roleRef', 'kind')}/${textAt(object, 'roleRef', 'name')}`,
    },
  ],
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': [
    { name: 'Webhooks', type: 'integer', cell: (object) => mapsIn(object, 'webhooks').length },
  ],
  'validatingwebhookconfigurations.admissionregistration.k8s.io': [
    { name: 'Webhooks', type: 'integer', cell: (object) => mapsIn(object, 'webhooks').length },
  ],
};

function endpoints(object: KubeObject): string {
  const all = mapsIn(object, 'subsets').flatMap((subset) =>
    mapsIn(subset, 'addresses').flatMap((address) =>
      mapsIn(subset, 'ports').map((port) => `${textOf(address['ip'])}:${String(numberAt(port, 'port'))}`),
    ),
  );
  if (all.length === 0) return '<none>';
  return all.length <= 3 ? all.join(',') : `${all.slice(0, 3).join(',')} + ${String(all.length - 3)} more...`;
}
