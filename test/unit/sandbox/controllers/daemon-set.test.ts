import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { V1DaemonSet } from '../../../../src/kube/index.ts';
import {
  createControlledCluster,
  NAMESPACE,
  template,
  type ControlledCluster,
} from '../../../support/controlled-cluster.ts';

const agent = { namespace: NAMESPACE, name: 'agent' };

function daemonSet(spec: Partial<NonNullable<V1DaemonSet['spec']>> = {}): V1DaemonSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: agent,
    spec: { selector: { matchLabels: { app: 'web' } }, template: template(), ...spec },
  };
}

describe('daemonSetController', () => {
  let controlled: ControlledCluster;
  beforeEach(async () => {
    controlled = await createControlledCluster();
  });
  afterEach(() => controlled.stop());

  const images = (): string[] => controlled.pods().map(({ spec }) => spec?.containers[0]?.image ?? '');
  const setImage = (image: string): Promise<unknown> =>
    controlled.cluster.change('daemonsets.apps', agent, (copy) => {
      if (copy.spec) copy.spec.template = template(image);
      return copy;
    });

  it('makes one pod for each node, and replaces it on a new template', async () => {
    await controlled.cluster.create('daemonsets.apps', daemonSet());
    await controlled.settle();
    assert.deepEqual(images(), ['shop:1']);
    await setImage('shop:2');
    await controlled.settle();
    assert.deepEqual(images(), ['shop:2']);
    const status = controlled.cluster.get('daemonsets.apps', agent)?.status;
    assert.equal(status?.updatedNumberScheduled, 1);
    assert.equal(status.numberAvailable, 1);
  });

  it('keeps the old pod with OnDelete', async () => {
    await controlled.cluster.create('daemonsets.apps', daemonSet({ updateStrategy: { type: 'OnDelete' } }));
    await controlled.settle();
    await setImage('shop:2');
    await controlled.settle();
    assert.deepEqual(images(), ['shop:1']);
  });

  it('makes none where the node selector does not match', async () => {
    const { metadata, spec } = template();
    const selecting = {
      ...(metadata && { metadata }),
      spec: { containers: [], ...spec, nodeSelector: { 'kubernetes.io/os': 'plan9' } },
    };
    await controlled.cluster.create('daemonsets.apps', daemonSet({ template: selecting }));
    await controlled.settle();
    assert.deepEqual(images(), []);
    assert.equal(controlled.cluster.get('daemonsets.apps', agent)?.status?.desiredNumberScheduled, 0);
  });
});
