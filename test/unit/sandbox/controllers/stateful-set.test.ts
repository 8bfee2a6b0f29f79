import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { V1StatefulSet } from '../../../../src/kube/index.ts';
import {
  createControlledCluster,
  NAMESPACE,
  runningStatus,
  template,
  type ControlledCluster,
} from '../../../support/controlled-cluster.ts';

const db = { namespace: NAMESPACE, name: 'db' };

function statefulSet(spec: Partial<NonNullable<V1StatefulSet['spec']>> = {}): V1StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: db,
    spec: {
      replicas: 3,
      serviceName: 'db',
      selector: { matchLabels: { app: 'web' } },
      template: template(),
      ...spec,
    },
  };
}

describe('statefulSetController', () => {
  let controlled: ControlledCluster;
  beforeEach(async () => {
    controlled = await createControlledCluster();
  });
  afterEach(() => controlled.stop());

  const names = (): string[] => controlled.pods().map(({ metadata }) => metadata.name);
  const images = (): string[] => controlled.pods().map(({ spec }) => spec?.containers[0]?.image ?? '');
  const status = () => controlled.cluster.get('statefulsets.apps', db)?.status;
  const edit = (spec: object): Promise<unknown> =>
    controlled.cluster.change('statefulsets.apps', db, (copy) => {
      Object.assign(copy.spec ?? {}, spec);
      return copy;
    });

  it('makes pods with names in their order, each once the one before is ready', async () => {
    controlled.kubelet.start = ({ metadata }) =>
      runningStatus(controlled.clock, '10.244.0.2', metadata?.name !== 'db-1');
    await controlled.cluster.create('statefulsets.apps', statefulSet());
    await controlled.settle();
    assert.deepEqual(names(), ['db-0', 'db-1']);
    const [first] = controlled.pods();
    assert.deepEqual([first?.spec?.hostname, first?.spec?.subdomain], ['db-0', 'db']);
  });

  it('makes all at once with Parallel', async () => {
    controlled.kubelet.start = () => runningStatus(controlled.clock, '10.244.0.2', false);
    await controlled.cluster.create('statefulsets.apps', statefulSet({ podManagementPolicy: 'Parallel' }));
    await controlled.settle();
    assert.deepEqual(names(), ['db-0', 'db-1', 'db-2']);
  });

  it('replaces all pods on a new template, and reports the revision as current', async () => {
    await controlled.cluster.create('statefulsets.apps', statefulSet());
    await controlled.settle();
    await edit({ template: template('shop:2') });
    await controlled.settle();
    assert.deepEqual(images(), ['shop:2', 'shop:2', 'shop:2']);
    const { currentRevision, updateRevision, updatedReplicas, readyReplicas } = status() ?? {};
    assert.equal(currentRevision, updateRevision);
    assert.deepEqual([updatedReplicas, readyReplicas], [3, 3]);
    assert.equal(controlled.cluster.list('controllerrevisions.apps', { namespace: NAMESPACE }).length, 2);
  });

  it('leaves pods below the partition as they were, also when they are made again', async () => {
    await controlled.cluster.create('statefulsets.apps', statefulSet());
    await controlled.settle();
    await edit({
      template: template('shop:2'),
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } },
    });
    await controlled.settle();
    assert.deepEqual(images(), ['shop:1', 'shop:1', 'shop:2']);
    await controlled.cluster.delete('pods', { namespace: NAMESPACE, name: 'db-0' });
    await controlled.settle();
    assert.deepEqual(images(), ['shop:1', 'shop:1', 'shop:2']);
  });

  it('waits with OnDelete until somebody deletes the pod', async () => {
    await controlled.cluster.create(
      'statefulsets.apps',
      statefulSet({ updateStrategy: { type: 'OnDelete' } }),
    );
    await controlled.settle();
    await edit({ template: template('shop:2') });
    await controlled.settle();
    assert.deepEqual(images(), ['shop:1', 'shop:1', 'shop:1']);
    await controlled.cluster.delete('pods', { namespace: NAMESPACE, name: 'db-1' });
    await controlled.settle();
    assert.deepEqual(images(), ['shop:1', 'shop:2', 'shop:1']);
  });

  it('removes the highest first', async () => {
    await controlled.cluster.create('statefulsets.apps', statefulSet());
    await controlled.settle();
    await edit({ replicas: 1 });
    await controlled.settle();
    assert.deepEqual(names(), ['db-0']);
  });
});
