import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Node } from '../../../../src/kube/index.ts';
import { findObstacle } from '../../../../src/sandbox/node/scheduler.ts';

const node: V1Node = { metadata: { labels: { zone: 'a' } } };
const fits = (spec: object, of: V1Node = node, count = 0): string | undefined =>
  findObstacle({ spec: { containers: [], ...spec } }, of, count);

test('findObstacle() names what is against the node', () => {
  assert.equal(fits({}), undefined);
  assert.equal(fits({ nodeSelector: { zone: 'a' } }), undefined);
  assert.match(fits({ nodeSelector: { zone: 'b' } }) ?? '', /affinity\/selector/);
  assert.match(fits({}, { ...node, spec: { unschedulable: true } }) ?? '', /unschedulable/);
  assert.match(fits({}, node, 110) ?? '', /Too many pods/);
});

test('findObstacle() accepts a taint that is tolerated', () => {
  const tainted = { ...node, spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } };
  assert.match(fits({}, tainted) ?? '', /untolerated taint \{k: v\}/);
  assert.equal(fits({ tolerations: [{ key: 'k', operator: 'Exists' }] }, tainted), undefined);
});
