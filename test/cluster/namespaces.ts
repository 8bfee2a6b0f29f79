/** Namespaces that go away with their test, the workloads in them, and what `tp` leaves behind. */
import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import { repositoryFile } from './cluster-under-test.ts';
import { kubectl, kubectlJson, waitFor } from './commands.ts';

/** Whose end is the end of what is made here: a test's context, or {@link suiteOwner}. */
export interface Owner {
  after(release: () => Promise<void>): void;
}

/**
 * An owner that ends with the suite, or with the file outside of any. To be called where tests are declared: inside a
 * hook or a test, the `after` of `node:test` belongs to whatever happens to run.
 */
export function suiteOwner(): Owner {
  const releases: (() => Promise<void>)[] = [];
  after(async () => {
    for (const release of releases.reverse()) await release();
  });
  return { after: (release) => void releases.push(release) };
}

/** Makes a namespace that is removed with its owner, unless `--keep` was given. */
export async function createNamespace(owner: Owner, prefix: string): Promise<string> {
  const namespace = `${prefix}-${randomBytes(3).toString('hex')}`;
  await kubectl(['create', 'namespace', namespace]);
  await kubectl(['label', 'namespace', namespace, `tp-test-run=${process.env['TP_TEST_RUN'] ?? 'none'}`]);
  owner.after(async () => {
    if (process.env['TP_TEST_KEEP'] === undefined)
      await kubectl(['delete', 'namespace', namespace, '--wait=false']);
  });
  await waitFor('the default service account', () =>
    kubectl(['get', 'serviceaccount', 'default'], { namespace }),
  );
  return namespace;
}

/** Applies `manifests/NAME.yaml` for each name and waits until everything in the namespace is ready. */
export async function apply(namespace: string, ...names: string[]): Promise<void> {
  const files = names.map((name) => `--filename=${repositoryFile(`test/cluster/manifests/${name}.yaml`)}`);
  await kubectl(['apply', ...files], { namespace });
  await waitUntilReady(namespace);
}

interface WorkloadStatus {
  kind: string;
  metadata: { name: string; generation?: number; deletionTimestamp?: string; ownerReferences?: unknown[] };
  spec: { replicas?: number };
  status: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    desiredNumberScheduled?: number;
    updatedNumberScheduled?: number;
    numberReady?: number;
    conditions?: { type: string; status: string }[];
  };
}

/** Waits until every workload has rolled out and no other pod is left. */
export async function waitUntilReady(namespace: string): Promise<void> {
  let unready: string[] = [];
  await waitFor(`ready workloads in ${namespace}`, async () => {
    const kinds = 'deployments,statefulsets,daemonsets,replicasets,pods';
    const { items } = await kubectlJson<{ items: WorkloadStatus[] }>(['get', kinds], namespace);
    unready = items.filter((item) => !isReady(item)).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    return unready.length === 0;
  }).catch((error: unknown) => {
    throw new Error(`not ready: ${unready.join(', ')}`, { cause: error });
  });
}

function isReady({ kind, metadata, spec, status }: WorkloadStatus): boolean {
  const current = (status.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  switch (kind) {
    case 'Pod':
      return (
        metadata.deletionTimestamp === undefined &&
        (status.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
      );
    case 'DaemonSet':
      return (
        current &&
        status.desiredNumberScheduled === status.numberReady &&
        status.desiredNumberScheduled === (status.updatedNumberScheduled ?? 0)
      );
    case 'ReplicaSet':
      return current && (status.readyReplicas ?? 0) === spec.replicas;
    default:
      return (
        current &&
        status.readyReplicas === spec.replicas &&
        status.replicas === spec.replicas &&
        (status.updatedReplicas ?? 0) === spec.replicas
      );
  }
}

/**
 * What `tp` has left in a namespace: objects that it labelled, objects named like its own without the label, and
 * workloads or Services that still carry one of its annotations or containers.
 */
export async function leftovers(namespace: string): Promise<string[]> {
  const kinds =
    'deployments,statefulsets,daemonsets,replicasets,pods,services,configmaps,secrets,serviceaccounts,roles,rolebindings';
  const { items } = await kubectlJson<{ items: { kind: string; metadata: { name: string } }[] }>(
    ['get', kinds],
    namespace,
  );
  return items
    .filter((item) => {
      // An old ReplicaSet keeps the template that its Deployment once had; that is Kubernetes' history.
      const history = item.kind === 'ReplicaSet';
      return item.metadata.name.startsWith('tp-') || (!history && mentionsTp(item));
    })
    .map(({ kind, metadata }) => `${kind}/${metadata.name}`);
}

function mentionsTp(item: object): boolean {
  const text = JSON.stringify(item);
  return ['"app.kubernetes.io/managed-by":"tp"', '"tp.dev/', '"name":"tp-'].some((mark) =>
    text.includes(mark),
  );
}
