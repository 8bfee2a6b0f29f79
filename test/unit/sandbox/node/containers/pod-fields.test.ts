import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Pod } from '../../../../../src/kube/index.ts';
import {
  parseQuantity,
  readPodField,
  readResourceField,
} from '../../../../../src/sandbox/node/containers/pod-fields.ts';

const pod: V1Pod = {
  metadata: { name: 'p', labels: { b: '2', a: '"1"' } },
  spec: { containers: [{ name: 'c', resources: { limits: { memory: '64Mi', cpu: '250m' } } }] },
};

test('readPodField() reads labels, alone and all of them', () => {
  assert.equal(readPodField(pod, "metadata.labels['b']", ''), '2');
  assert.equal(readPodField(pod, 'metadata.labels', ''), 'a="\\"1\\""\nb="2"');
  assert.equal(readPodField(pod, 'status.podIP', '10.244.0.2'), '10.244.0.2');
  assert.throws(() => readPodField(pod, 'spec.none', ''), /unsupported fieldPath/);
});

test('readResourceField() rounds up to the divisor', () => {
  const read = (resource: string, divisor: string): string =>
    readResourceField(pod, {}, { containerName: 'c', resource, divisor });
  assert.equal(read('limits.memory', '1Mi'), '64');
  assert.equal(read('limits.cpu', '1'), '1');
  assert.equal(read('limits.cpu', '1m'), '250');
});

test('parseQuantity() knows the suffixes', () => {
  assert.deepEqual(['1k', '1Ki', '1.5', '2e3'].map(parseQuantity), [1000, 1024, 1.5, 2000]);
});
