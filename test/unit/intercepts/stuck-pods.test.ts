import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { INJECTION_ANNOTATION } from '../../../src/contract/index.ts';
import { nullLogger } from '../../../src/core/index.ts';
import { createError } from '../../../src/errors/index.ts';
import { deleteStuckPods } from '../../../src/intercepts/stuck-pods.ts';
import { toWorkload } from '../../../src/intercepts/workload.ts';
import { paths, type V1StatefulSet } from '../../../src/kube/index.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { ready } from '../../support/fake-controllers.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';
import { deployment, NAMESPACE, pod } from '../../support/kube-objects.ts';
import { settled } from '../../support/settle.ts';

const path = paths.statefulSets(NAMESPACE, 'db');
const labels = { app: 'db' };
const annotations = { [INJECTION_ANNOTATION]: '{"version":1,"revision":"broken"}' };
let kube: FakeKube;
let clock: FakeClock;

beforeEach(() => {
  kube = createFakeKube();
  clock = createFakeClock();
  const { metadata, spec } = deployment('db');
  kube.put(path, { kind: 'StatefulSet', metadata, spec, status: { observedGeneration: 1 } });
  kube.put(paths.pods(NAMESPACE, 'db-0'), pod('db-0', { labels, status: ready }));
  kube.put(
    paths.pods(NAMESPACE, 'db-1'),
    pod('db-1', { labels, metadata: { annotations, labels }, status: ready }),
  );
  kube.put(paths.pods(NAMESPACE, 'db-2'), pod('db-2', { labels, metadata: { annotations, labels } }));
  kube.put(paths.pods(NAMESPACE, 'db-3'), pod('db-3', { labels }));
});

function clear(kind: 'StatefulSet' | 'Deployment' = 'StatefulSet'): Promise<void> {
  const workload = toWorkload(kind, NAMESPACE, kube.read<V1StatefulSet>(path));
  const context = { kube, clock, logger: nullLogger, signal: new AbortController().signal };
  return deleteStuckPods(context, workload);
}

test('only pods go that are not ready and carry an agent that the template has not', async () => {
  await settled(clock, clear());
  assert.deepEqual(kube.writes, [`DELETE ${paths.pods(NAMESPACE, 'db-2')}`]);
});

test('the controller must have seen the template first', async () => {
  const object = kube.read<V1StatefulSet>(path);
  kube.put(path, { ...object, status: { observedGeneration: 0 } });
  const work = settled(clock, clear());
  await clock.advance(1000);
  assert.deepEqual(kube.writes, []);
  kube.put(path, { ...object, status: { observedGeneration: 1 } });
  await work;
  assert.equal(kube.writes.length, 1);
});

test('without the right to delete, the pod stays', async () => {
  kube.refuse(/^DELETE/, () => createError('KUBE_FORBIDDEN', { action: 'delete pods', missing: [] }));
  await settled(clock, clear());
  assert.ok(kube.has(paths.pods(NAMESPACE, 'db-2')));
});

test('other kinds replace such pods themselves', async () => {
  await clear('Deployment');
  assert.deepEqual(kube.writes, []);
});
