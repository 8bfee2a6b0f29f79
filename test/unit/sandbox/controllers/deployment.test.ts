import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { V1Deployment } from '../../../../src/kube/index.ts';
import {
  createControlledCluster,
  NAMESPACE,
  runningStatus,
  template,
  type ControlledCluster,
} from '../../../support/controlled-cluster.ts';

const web = { namespace: NAMESPACE, name: 'web' };

function deployment(spec: Partial<NonNullable<V1Deployment['spec']>> = {}): V1Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: web,
    spec: { replicas: 4, selector: { matchLabels: { app: 'web' } }, template: template(), ...spec },
  };
}

describe('deploymentController', () => {
  let controlled: ControlledCluster;
  beforeEach(async () => {
    controlled = await createControlledCluster();
  });
  afterEach(() => controlled.stop());

  const images = (): string[] => controlled.pods().map(({ spec }) => spec?.containers[0]?.image ?? '');
  const status = (): V1Deployment['status'] => controlled.cluster.get('deployments.apps', web)?.status;
  const condition = (type: string): string | undefined => {
    const found = status()?.conditions?.find((one) => one.type === type);
    return found && `${found.status} ${found.reason ?? ''}`;
  };
  const setImage = (image: string): Promise<unknown> =>
    controlled.cluster.change('deployments.apps', web, (copy) => {
      if (copy.spec) copy.spec.template = template(image);
      return copy;
    });
  const sets = () => controlled.cluster.list('replicasets.apps', { namespace: NAMESPACE });

  it('makes one ReplicaSet with the hash of the template, and reports a complete rollout', async () => {
    await controlled.cluster.create('deployments.apps', deployment());
    await controlled.settle();
    assert.deepEqual(images(), ['shop:1', 'shop:1', 'shop:1', 'shop:1']);
    const [set] = sets();
    const hash = set?.metadata.labels?.['pod-template-hash'];
    assert.equal(set?.metadata.name, `web-${hash ?? ''}`);
    assert.equal(controlled.pods()[0]?.metadata.labels?.['pod-template-hash'], hash);
    const { replicas, updatedReplicas, availableReplicas, observedGeneration } = status() ?? {};
    assert.deepEqual([replicas, updatedReplicas, availableReplicas, observedGeneration], [4, 4, 4, 1]);
    assert.equal(condition('Available'), 'True MinimumReplicasAvailable');
    assert.equal(condition('Progressing'), 'True NewReplicaSetAvailable');
  });

  it('never has fewer than maxUnavailable allows ready, nor more than maxSurge allows, on the way to a new template', async () => {
    await controlled.cluster.create('deployments.apps', deployment());
    await controlled.settle();
    const seen: { all: number; ready: number }[] = [];
    const note = (): void => {
      const pods = controlled.pods();
      const ready = pods.filter(({ status }) => status?.conditions?.[0]?.status === 'True').length;
      seen.push({ all: pods.length, ready });
    };
    const end = controlled.cluster.watch('pods', note);
    await setImage('shop:2');
    await controlled.settle();
    end();
    assert.deepEqual(images(), ['shop:2', 'shop:2', 'shop:2', 'shop:2']);
    assert.ok(Math.max(...seen.map(({ all }) => all)) <= 5);
    assert.ok(Math.min(...seen.map(({ ready }) => ready)) >= 3);
    assert.equal(
      controlled.cluster.get('deployments.apps', web)?.metadata.annotations?.[
        'deployment.kubernetes.io/revision'
      ],
      '2',
    );
  });

  it('keeps the old pods when those of the new template do not get ready, and says so at the deadline', async () => {
    await controlled.cluster.create('deployments.apps', deployment({ progressDeadlineSeconds: 30 }));
    await controlled.settle();
    controlled.kubelet.start = () => runningStatus(controlled.clock, '10.244.1.1', false);
    await setImage('shop:2');
    await controlled.settle();
    assert.deepEqual(images().sort(), ['shop:1', 'shop:1', 'shop:1', 'shop:2', 'shop:2']);
    assert.equal(condition('Progressing'), 'True ReplicaSetUpdated');
    await controlled.clock.advance(31_000);
    await controlled.settle();
    assert.equal(condition('Progressing'), 'False ProgressDeadlineExceeded');
    assert.equal(condition('Available'), 'True MinimumReplicasAvailable');
  });

  it('goes back to the ReplicaSet of an earlier template, as the next revision', async () => {
    await controlled.cluster.create('deployments.apps', deployment());
    await controlled.settle();
    const [first] = sets();
    await setImage('shop:2');
    await controlled.settle();
    await setImage('shop:1');
    await controlled.settle();
    assert.deepEqual(images(), ['shop:1', 'shop:1', 'shop:1', 'shop:1']);
    assert.equal(sets().length, 2);
    const again = sets().find(({ metadata }) => metadata.uid === first?.metadata.uid);
    const annotations = again?.metadata.annotations ?? {};
    assert.equal(annotations['deployment.kubernetes.io/revision'], '3');
    assert.equal(annotations['deployment.kubernetes.io/revision-history'], '1');
  });

  it('removes all old pods before the first new one with Recreate', async () => {
    await controlled.cluster.create('deployments.apps', deployment({ strategy: { type: 'Recreate' } }));
    await controlled.settle();
    controlled.kubelet.stops = false;
    await setImage('shop:2');
    await controlled.settle();
    assert.deepEqual(images(), []);
    controlled.kubelet.stops = true;
    for (const { metadata } of controlled.cluster.list('pods', { namespace: NAMESPACE }))
      await controlled.cluster.delete(
        'pods',
        { namespace: NAMESPACE, name: metadata.name },
        { gracePeriodSeconds: 0 },
      );
    await controlled.settle();
    assert.deepEqual(images(), ['shop:2', 'shop:2', 'shop:2', 'shop:2']);
  });

  it('does not roll out while it is paused, and follows a change of its size', async () => {
    await controlled.cluster.create('deployments.apps', deployment());
    await controlled.settle();
    await controlled.cluster.change('deployments.apps', web, (copy) => {
      if (copy.spec) Object.assign(copy.spec, { paused: true, replicas: 2, template: template('shop:2') });
      return copy;
    });
    await controlled.settle();
    assert.deepEqual(images(), ['shop:1', 'shop:1']);
    assert.equal(condition('Progressing'), 'Unknown DeploymentPaused');
  });

  it('forgets ReplicaSets beyond the history limit', async () => {
    await controlled.cluster.create('deployments.apps', deployment({ revisionHistoryLimit: 1 }));
    for (const image of ['shop:2', 'shop:3', 'shop:4']) {
      await controlled.settle();
      await setImage(image);
    }
    await controlled.settle();
    assert.equal(sets().length, 2);
  });

  it('shows why pods are refused', async () => {
    await controlled.cluster.create(
      'deployments.apps',
      deployment({
        template: {
          ...template(),
          spec: {
            ...template().spec,
            containers: template().spec?.containers ?? [],
            serviceAccountName: 'missing',
          },
        },
      }),
    );
    await controlled.settle();
    assert.equal(condition('ReplicaFailure'), 'True FailedCreate');
    const events = controlled.cluster.list('events', { namespace: NAMESPACE });
    assert.ok(events.some(({ reason }) => reason === 'FailedCreate'));
  });
});
