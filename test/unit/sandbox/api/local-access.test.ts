import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, type WatchEvent } from '../../../../src/sandbox/store/index.ts';
import { sandboxCluster } from '../../../support/sandbox-cluster.ts';

const pod = {
  metadata: { namespace: 'default', name: 'web' },
  spec: { containers: [{ name: 'app', image: 'shop:1', ports: [{ containerPort: 80 }] }] },
};

test('a new pod has names, defaults and a token, and what comes out is frozen', async () => {
  const { cluster } = await sandboxCluster();
  const created = await cluster.create('pods', pod);
  assert.equal(created.status?.phase, 'Pending');
  assert.equal(created.spec?.restartPolicy, 'Always');
  assert.equal(created.spec.serviceAccountName, 'default');
  assert.equal(created.spec.containers[0]?.ports?.[0]?.protocol, 'TCP');
  assert.match(created.spec.volumes?.[0]?.name ?? '', /^kube-api-access-.{5}$/);
  assert.ok(created.metadata.uid);
  assert.ok(Object.isFrozen(created.spec.containers));
  assert.equal(cluster.get('pods', pod.metadata), created);
});

test('a watch begins with what is there and tells each change in order', async () => {
  const { cluster } = await sandboxCluster();
  await cluster.create('pods', pod);
  const seen: string[] = [];
  const stop = cluster.watch('pods', ({ type, object }: WatchEvent<'pods'>) => {
    seen.push(`${type} ${object.metadata.name} ${object.status?.phase ?? ''}`);
  });
  assert.deepEqual(seen, ['ADDED web Pending']);
  await cluster.change('pods', pod.metadata, (copy) => ({ ...copy, status: { phase: 'Running' } }), {
    subresource: 'status',
  });
  await cluster.delete('pods', pod.metadata);
  stop();
  await cluster.create('pods', pod);
  assert.deepEqual(seen, ['ADDED web Pending', 'MODIFIED web Running', 'DELETED web Running']);
});

test('a change without the subresource leaves the status, and a status write the rest', async () => {
  const { cluster } = await sandboxCluster();
  await cluster.create('pods', pod);
  const labelled = await cluster.change('pods', pod.metadata, (copy) => {
    copy.metadata.labels = { app: 'web' };
    copy.status = { phase: 'Failed' };
    return copy;
  });
  assert.equal(labelled?.status?.phase, 'Pending');
  const failed = await cluster.change(
    'pods',
    pod.metadata,
    (copy) => ({ ...copy, metadata: { ...copy.metadata, labels: {} }, status: { phase: 'Failed' } }),
    { subresource: 'status' },
  );
  assert.equal(failed?.status?.phase, 'Failed');
  assert.deepEqual(failed.metadata.labels, { app: 'web' });
});

test('binding gives a pod its node, which nothing else may', async () => {
  const { cluster } = await sandboxCluster();
  await cluster.create('pods', pod);
  const bind = (subresource?: 'binding'): Promise<unknown> =>
    cluster.change(
      'pods',
      pod.metadata,
      (copy) => {
        if (copy.spec !== undefined) copy.spec.nodeName = 'sandbox';
        return copy;
      },
      subresource === undefined ? {} : { subresource },
    );
  await assert.rejects(bind(), (error) => error instanceof ApiError && error.status.code === 422);
  await bind('binding');
  assert.equal(cluster.get('pods', pod.metadata)?.spec?.nodeName, 'sandbox');
});

test('a pod on a node is marked first, and gone when its node says so', async () => {
  const { cluster } = await sandboxCluster();
  await cluster.create('pods', { ...pod, spec: { ...pod.spec, nodeName: 'sandbox' } });
  await cluster.delete('pods', pod.metadata);
  const marked = cluster.get('pods', pod.metadata);
  assert.equal(marked?.metadata.deletionGracePeriodSeconds, 30);
  assert.ok(marked.metadata.deletionTimestamp);
  await cluster.delete('pods', pod.metadata, { gracePeriodSeconds: 0 });
  assert.equal(cluster.get('pods', pod.metadata), undefined);
});

test('a Service gets an address of its own; of a missing object nothing is changed', async () => {
  const { cluster } = await sandboxCluster();
  const service = (name: string): object => ({
    metadata: { namespace: 'default', name },
    spec: { ports: [{ port: 80 }] },
  });
  const [first, second] = [
    await cluster.create('services', service('a')),
    await cluster.create('services', service('b')),
  ];
  assert.match(first.spec?.clusterIP ?? '', /^10\.96\./);
  assert.notEqual(first.spec?.clusterIP, second.spec?.clusterIP);
  assert.equal(
    await cluster.change('services', { namespace: 'default', name: 'c' }, (copy) => copy),
    undefined,
  );
});

test('refusals carry the Status that a client would get', async () => {
  const { cluster } = await sandboxCluster();
  await cluster.create('pods', pod);
  await assert.rejects(cluster.create('pods', pod), { message: 'pods "web" already exists' });
  await assert.rejects(
    cluster.create('pods', { metadata: { namespace: 'nowhere', name: 'web' }, spec: pod.spec }),
    { message: 'namespaces "nowhere" not found' },
  );
});
