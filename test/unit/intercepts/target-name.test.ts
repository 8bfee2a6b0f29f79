import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isToolError } from '../../../src/errors/index.ts';
import { findSimilar, parseTargetName } from '../../../src/intercepts/target-name.ts';

const names: [string, string | undefined][] = [
  ['web', undefined],
  ['svc/web', 'Service'],
  ['service/web', 'Service'],
  ['services/web', 'Service'],
  ['deploy/web', 'Deployment'],
  ['Deployment/web', 'Deployment'],
  ['deployment.apps/web', 'Deployment'],
  ['sts/web', 'StatefulSet'],
  ['statefulsets/web', 'StatefulSet'],
  ['ds/web', 'DaemonSet'],
  ['rs/web', 'ReplicaSet'],
  ['po/web', 'Pod'],
  ['pod/web', 'Pod'],
];
for (const [text, kind] of names)
  test(`parseTargetName() reads ${text}`, () => {
    assert.deepEqual(parseTargetName(text), { kind, name: 'web' });
  });

for (const text of ['', '/', 'job/web', 'svc/', '/web'])
  test(`parseTargetName() refuses "${text}"`, () => {
    assert.throws(
      () => parseTargetName(text),
      (error) => isToolError(error, 'USAGE_INVALID_OPTION'),
    );
  });

test('findSimilar() finds slips and parts, nearest first', () => {
  const labels = ['svc/frontend', 'deploy/front', 'svc/orders', 'sts/db'];
  assert.deepEqual(findSimilar('fornt', labels), ['deploy/front']);
  assert.deepEqual(findSimilar('shop', labels), []);
  assert.deepEqual(findSimilar('front', labels), ['deploy/front', 'svc/frontend']);
  assert.deepEqual(findSimilar('order', labels), ['svc/orders']);
});

test('findSimilar() suggests three at most', () => {
  const labels = ['svc/web-a', 'svc/web-b', 'svc/web-c', 'svc/web-d'];
  assert.equal(findSimilar('web', labels).length, 3);
});
