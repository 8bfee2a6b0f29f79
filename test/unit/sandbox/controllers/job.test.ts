import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { V1Job } from '../../../../src/kube/index.ts';
import {
  createControlledCluster,
  NAMESPACE,
  type ControlledCluster,
} from '../../../support/controlled-cluster.ts';

const once = { namespace: NAMESPACE, name: 'once' };

function job(spec: Partial<NonNullable<V1Job['spec']>> = {}): V1Job {
  const containers = [{ name: 'main', image: 'busybox' }];
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: once,
    spec: { template: { spec: { restartPolicy: 'Never', containers } }, ...spec },
  };
}

describe('jobController', () => {
  let controlled: ControlledCluster;
  beforeEach(async () => {
    controlled = await createControlledCluster();
  });
  afterEach(() => controlled.stop());

  const status = () => controlled.cluster.get('jobs.batch', once)?.status;
  const conditions = (): string[] => (status()?.conditions ?? []).map(({ type }) => type);
  const ended = (phase: 'Succeeded' | 'Failed') => () => ({ phase, podIP: '10.244.0.2' });

  it('is complete when its pods have succeeded as often as asked for', async () => {
    controlled.kubelet.start = ended('Succeeded');
    await controlled.cluster.create('jobs.batch', job({ completions: 3, parallelism: 2 }));
    await controlled.settle();
    assert.equal(status()?.succeeded, 3);
    assert.deepEqual(conditions(), ['SuccessCriteriaMet', 'Complete']);
    assert.equal(controlled.pods().length, 3);
  });

  it('fails after as many failures as backoffLimit allows, with a growing wait between them', async () => {
    controlled.kubelet.start = ended('Failed');
    await controlled.cluster.create('jobs.batch', job({ backoffLimit: 1 }));
    await controlled.settle();
    assert.equal(status()?.failed, 1);
    await controlled.clock.advance(10_000);
    await controlled.settle();
    assert.equal(status()?.failed, 2);
    assert.deepEqual(conditions(), ['FailureTarget', 'Failed']);
  });

  it('ends its pods at the deadline', async () => {
    await controlled.cluster.create('jobs.batch', job({ activeDeadlineSeconds: 5 }));
    await controlled.settle();
    assert.equal(controlled.pods().length, 1);
    await controlled.clock.advance(6_000);
    await controlled.settle();
    assert.equal(status()?.conditions?.at(-1)?.reason, 'DeadlineExceeded');
    assert.equal(controlled.pods().length, 0);
  });

  it('refuses Indexed with the page that says so', async () => {
    await controlled.cluster.create('jobs.batch', job({ completionMode: 'Indexed', completions: 1 }));
    await controlled.settle();
    assert.match(status()?.conditions?.at(-1)?.message ?? '', /docs\/SANDBOX\.md/);
    assert.equal(controlled.pods().length, 0);
  });

  it('is removed after ttlSecondsAfterFinished', async () => {
    controlled.kubelet.start = ended('Succeeded');
    await controlled.cluster.create('jobs.batch', job({ ttlSecondsAfterFinished: 60 }));
    await controlled.settle();
    await controlled.clock.advance(61_000);
    await controlled.settle();
    assert.equal(controlled.cluster.get('jobs.batch', once), undefined);
  });
});
