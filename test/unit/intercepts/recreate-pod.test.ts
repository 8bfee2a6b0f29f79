import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { nullLogger } from '../../../src/core/index.ts';
import { recoverPod, recreatePod } from '../../../src/intercepts/recreate-pod.ts';
import { paths, type V1Pod } from '../../../src/kube/index.ts';
import { raises } from '../../support/assert-raises.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createFakeKube, statusError, type FakeKube } from '../../support/fake-kube.ts';
import { NAMESPACE, pod } from '../../support/kube-objects.ts';
import { settled } from '../../support/settle.ts';

const path = paths.pods(NAMESPACE, 'lone');
let kube: FakeKube;
let clock: FakeClock;
let store: Map<string, string>;

beforeEach(() => {
  kube = createFakeKube();
  clock = createFakeClock();
  store = new Map();
  kube.put(path, pod('lone'));
});

function recreate(): Promise<V1Pod> {
  const live = kube.read<V1Pod>(path);
  const manifest = {
    ...pod('lone', { labels: { app: 'new' } }),
    metadata: { name: 'lone', namespace: NAMESPACE, labels: { app: 'new' } },
  };
  const recovery = {
    save: (name: string, json: string): Promise<void> => Promise.resolve(void store.set(name, json)),
    remove: (name: string): Promise<void> => Promise.resolve(void store.delete(name)),
  };
  const context = { kube, clock, logger: nullLogger, onProgress: (): void => undefined };
  return recreatePod(context, { pod: live, manifest, recovery });
}

test('the Pod is there with the new manifest, and the store is empty', async () => {
  const uid = kube.read(path).metadata?.uid;
  const created = await settled(clock, recreate());
  assert.notEqual(created.metadata?.uid, uid);
  assert.deepEqual(kube.read(path).metadata?.labels, { app: 'new' });
  assert.equal(store.size, 0);
});

test('when it cannot be created the original is there again', async () => {
  kube.refuse(/^POST/, () => statusError(403, 'Forbidden', 'policy'), 1);
  await assert.rejects(settled(clock, recreate()), raises('KUBE_REQUEST_FAILED', /policy/));
  assert.deepEqual(kube.read(path).metadata?.labels, { app: 'lone' });
  assert.equal(store.size, 0);
});

test('when nothing can be created the manifest stays in the store', async () => {
  kube.refuse(/^POST/, () => statusError(500, 'InternalError'));
  await assert.rejects(settled(clock, recreate()));
  assert.equal(kube.has(path), false);
  assert.deepEqual([...store.keys()], ['shop-lone']);
});

test('a Pod that does not end is not waited for for ever', async () => {
  // A finalizer keeps it.
  kube.delete = (): Promise<void> => Promise.resolve();
  await assert.rejects(settled(clock, recreate()), raises('NET_TIMEOUT'));
  assert.deepEqual([...store.keys()], ['shop-lone']);
});

const { signal } = new AbortController();

/** What a crash leaves in the store. */
async function crash(): Promise<string> {
  kube.refuse(/^POST/, () => statusError(500, 'InternalError'), 2);
  await assert.rejects(settled(clock, recreate()));
  return store.get('shop-lone') ?? '';
}

test('recoverPod() creates the Pod that a crash lost', async () => {
  const json = await crash();
  assert.equal(await recoverPod(kube, json, { clock, signal }), true);
  assert.deepEqual(kube.read(path).metadata?.labels, { app: 'lone' });
});

test('recoverPod() leaves a Pod alone that is there', async () => {
  const json = await crash();
  kube.put(path, pod('lone', { labels: { app: 'other' } }));
  assert.equal(await recoverPod(kube, json, { clock, signal }), true);
  assert.deepEqual(kube.read(path).metadata?.labels, { app: 'other' });
});

test('recoverPod() waits for a Pod that is ending', async () => {
  const json = await crash();
  kube.put(path, pod('lone', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }));
  const recovered = recoverPod(kube, json, { clock, signal });
  await clock.advance(1000);
  kube.drop(path);
  assert.equal(await settled(clock, recovered), true);
  assert.equal(kube.read(path).metadata?.deletionTimestamp, undefined);
});

test('recoverPod() keeps records of other clusters, and what it cannot read', async () => {
  const json = await crash();
  assert.equal(await recoverPod({ ...kube, server: 'https://other' }, json, { clock, signal }), false);
  assert.equal(await recoverPod(kube, 'nonsense', { clock, signal }), false);
});
