import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { V1Service } from '../../../../src/kube/index.ts';
import {
  createControlledCluster,
  NAMESPACE,
  runningStatus,
  type ControlledCluster,
} from '../../../support/controlled-cluster.ts';

const web = { namespace: NAMESPACE, name: 'web' };

describe('backendsOf', () => {
  let controlled: ControlledCluster;
  beforeEach(async () => {
    controlled = await createControlledCluster();
  });
  afterEach(() => controlled.stop());

  const createPod = (name: string, port: number, labels: Record<string, string> = { app: 'web' }) =>
    controlled.cluster.create('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: NAMESPACE, name, labels },
      spec: {
        containers: [{ name: 'web', image: 'shop:1', ports: [{ name: 'http', containerPort: port }] }],
      },
    });
  const createService = (spec: NonNullable<V1Service['spec']>) =>
    controlled.cluster.create('services', { apiVersion: 'v1', kind: 'Service', metadata: web, spec });
  const subsets = () => controlled.cluster.get('endpoints', web)?.subsets;
  const slices = () => controlled.cluster.list('endpointslices.discovery.k8s.io', { namespace: NAMESPACE });

  it('looks a named port up pod by pod', async () => {
    await createService({
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 80, targetPort: 'http' }],
    });
    await createPod('old', 8080);
    await createPod('new', 9090);
    await controlled.settle();
    const found = (subsets() ?? []).map(({ addresses, ports }) => [
      addresses?.[0]?.targetRef?.name,
      ports?.[0]?.port,
    ]);
    assert.deepEqual(found.sort(), [
      ['new', 9090],
      ['old', 8080],
    ]);
    assert.deepEqual(
      slices()
        .map(({ ports }) => ports?.[0]?.port)
        .sort(),
      [8080, 9090],
    );
  });

  it('lists pods that are not ready apart, or with the ready ones when the Service publishes them', async () => {
    controlled.kubelet.start = () => runningStatus(controlled.clock, '10.244.0.9', false);
    await createService({ selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] });
    await createPod('web', 8080);
    await controlled.settle();
    assert.equal(subsets()?.[0]?.notReadyAddresses?.[0]?.ip, '10.244.0.9');
    assert.deepEqual(slices()[0]?.endpoints[0]?.conditions, {
      ready: false,
      serving: false,
      terminating: false,
    });
    await controlled.cluster.change('services', web, (copy) => {
      if (copy.spec) copy.spec.publishNotReadyAddresses = true;
      return copy;
    });
    await controlled.settle();
    assert.equal(subsets()?.[0]?.addresses?.[0]?.ip, '10.244.0.9');
  });

  it('takes a terminating pod out of the Endpoints and marks it in the slice', async () => {
    await createService({ selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] });
    await createPod('web', 8080);
    await controlled.settle();
    controlled.kubelet.stops = false;
    await controlled.cluster.delete('pods', web);
    await controlled.settle();
    assert.deepEqual(subsets(), []);
    assert.deepEqual(slices()[0]?.endpoints[0]?.conditions, {
      ready: false,
      serving: true,
      terminating: true,
    });
  });

  it('leaves a Service without selector alone', async () => {
    await createService({ ports: [{ port: 80 }] });
    await controlled.cluster.create('endpoints', {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: web,
      subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 80 }] }],
    });
    await controlled.settle();
    assert.equal(subsets()?.[0]?.addresses?.[0]?.ip, '192.0.2.1');
  });

  it('lists the pods of a headless Service without ports', async () => {
    await createService({ clusterIP: 'None', selector: { app: 'web' } });
    await createPod('web', 8080);
    await controlled.settle();
    assert.equal(subsets()?.[0]?.addresses?.length, 1);
    assert.equal(slices()[0]?.metadata.labels?.['service.kubernetes.io/headless'], '');
  });

  it('removes the Endpoints with their Service', async () => {
    await createService({ selector: { app: 'web' }, ports: [{ port: 80 }] });
    await controlled.settle();
    await controlled.cluster.delete('services', web);
    await controlled.settle();
    assert.equal(controlled.cluster.get('endpoints', web), undefined);
  });

  it('follows a pod whose labels change', async () => {
    await createService({ selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] });
    await createPod('web', 8080);
    await controlled.settle();
    await controlled.cluster.change('pods', web, (copy) => {
      copy.metadata.labels = { app: 'other' };
      return copy;
    });
    await controlled.settle();
    assert.deepEqual(subsets(), []);
  });
});
