import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { V1ReplicaSet } from '../../../../src/kube/index.ts';
import {
  createControlledCluster,
  NAMESPACE,
  runningStatus,
  template,
  type ControlledCluster,
} from '../../../support/controlled-cluster.ts';

const web = { namespace: NAMESPACE, name: 'web' };

function replicaSet(spec: Partial<NonNullable<V1ReplicaSet['spec']>> = {}): V1ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: web,
    spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: template(), ...spec },
  };
}

describe('replicaSetController', () => {
  let controlled: ControlledCluster;
  beforeEach(async () => {
    controlled = await createControlledCluster();
  });
  afterEach(() => controlled.stop());

  const names = (): string[] => controlled.pods().map(({ metadata }) => metadata.name);
  const status = () => controlled.cluster.get('replicasets.apps', web)?.status;
  const setReplicas = (replicas: number): Promise<unknown> =>
    controlled.cluster.change('replicasets.apps', web, (copy) => {
      if (copy.spec) copy.spec.replicas = replicas;
      return copy;
    });

  it('adopts a pod without controller that its selector matches', async () => {
    await controlled.cluster.create('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: NAMESPACE, name: 'stray', labels: { app: 'web' } },
      ...(template().spec && { spec: template().spec }),
    });
    await controlled.cluster.create('replicasets.apps', replicaSet());
    await controlled.settle();
    assert.equal(names().length, 2);
    const stray = controlled.cluster.get('pods', { namespace: NAMESPACE, name: 'stray' });
    assert.equal(stray?.metadata.ownerReferences?.[0]?.name, 'web');
  });

  it('lets go of a pod that it no longer selects, and makes another', async () => {
    await controlled.cluster.create('replicasets.apps', replicaSet());
    await controlled.settle();
    const [first = ''] = names();
    await controlled.cluster.change('pods', { namespace: NAMESPACE, name: first }, (copy) => {
      copy.metadata.labels = { app: 'debug' };
      return copy;
    });
    await controlled.settle();
    assert.equal(names().length, 3);
    const released = controlled.cluster.get('pods', { namespace: NAMESPACE, name: first });
    assert.deepEqual(released?.metadata.ownerReferences ?? [], []);
  });

  it('deletes pods that are not ready first', async () => {
    let started = 0;
    controlled.kubelet.start = () => {
      started += 1;
      return runningStatus(controlled.clock, `10.244.0.${String(started)}`, started !== 2);
    };
    await controlled.cluster.create('replicasets.apps', replicaSet({ replicas: 3 }));
    await controlled.settle();
    await setReplicas(2);
    await controlled.settle();
    assert.deepEqual(
      controlled.pods().map(({ status }) => status?.conditions?.[0]?.status),
      ['True', 'True'],
    );
  });

  it('counts a pod as available once it has been ready for minReadySeconds', async () => {
    await controlled.cluster.create('replicasets.apps', replicaSet({ minReadySeconds: 10 }));
    await controlled.settle();
    assert.deepEqual([status()?.readyReplicas, status()?.availableReplicas ?? 0], [2, 0]);
    await controlled.clock.advance(11_000);
    await controlled.settle();
    assert.equal(status()?.availableReplicas, 2);
  });

  it('replaces a pod that has failed', async () => {
    await controlled.cluster.create('replicasets.apps', replicaSet());
    await controlled.settle();
    const [first = ''] = names();
    await controlled.cluster.change(
      'pods',
      { namespace: NAMESPACE, name: first },
      (copy) => ({ ...copy, status: { ...copy.status, phase: 'Failed' } }),
      { subresource: 'status' },
    );
    await controlled.settle();
    assert.equal(status()?.replicas, 2);
    assert.equal(names().length, 3);
  });
});
