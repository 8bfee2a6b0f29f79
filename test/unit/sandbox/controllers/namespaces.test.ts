import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  createControlledCluster,
  NAMESPACE,
  template,
  type ControlledCluster,
} from '../../../support/controlled-cluster.ts';

describe('namespaceController', () => {
  let controlled: ControlledCluster;
  beforeEach(async () => {
    controlled = await createControlledCluster();
  });
  afterEach(() => controlled.stop());

  it('gives each namespace its default account and the authority', () => {
    const { cluster } = controlled;
    assert.ok(cluster.get('serviceaccounts', { namespace: NAMESPACE, name: 'default' }));
    const authority = cluster.get('configmaps', { namespace: NAMESPACE, name: 'kube-root-ca.crt' });
    assert.equal(authority?.data?.['ca.crt'], 'authority');
  });

  it('makes the account again when somebody deletes it', async () => {
    const { cluster } = controlled;
    await cluster.delete('serviceaccounts', { namespace: NAMESPACE, name: 'default' });
    await controlled.settle();
    assert.ok(cluster.get('serviceaccounts', { namespace: NAMESPACE, name: 'default' }));
  });

  it('empties a namespace that is deleted, and it is gone when its last pod is', async () => {
    const { cluster } = controlled;
    await cluster.create('deployments.apps', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace: NAMESPACE, name: 'web' },
      spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template: template() },
    });
    await controlled.settle();
    controlled.kubelet.stops = false;
    await cluster.delete('namespaces', { name: NAMESPACE });
    await controlled.settle();
    const [pod] = cluster.list('pods', { namespace: NAMESPACE });
    assert.equal(cluster.get('namespaces', { name: NAMESPACE })?.status?.phase, 'Terminating');
    assert.ok(
      cluster.get('serviceaccounts', { namespace: NAMESPACE, name: 'default' }),
      'as long as a pod may need it',
    );
    await cluster.delete(
      'pods',
      { namespace: NAMESPACE, name: pod?.metadata.name ?? '' },
      { gracePeriodSeconds: 0 },
    );
    await controlled.settle();
    assert.equal(cluster.get('namespaces', { name: NAMESPACE }), undefined);
  });
});
