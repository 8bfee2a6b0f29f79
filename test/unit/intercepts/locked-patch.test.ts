import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PatchOperation } from '../../../src/intercepts/json-patch.ts';
import { LOCK_ATTEMPTS, patchLocked } from '../../../src/intercepts/locked-patch.ts';
import { paths, type V1Service } from '../../../src/kube/index.ts';
import { raises } from '../../support/assert-raises.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createFakeKube, statusError, type FakeKube } from '../../support/fake-kube.ts';
import { NAMESPACE, service, servicePort } from '../../support/kube-objects.ts';
import { settled } from '../../support/settle.ts';

const path = paths.services(NAMESPACE, 'web');
const toName = (): PatchOperation[] => [{ op: 'replace', path: '/spec/ports/0/targetPort', value: 'http' }];

function patch(kube: FakeKube, plan: (object: V1Service) => PatchOperation[]): Promise<V1Service> {
  const clock = createFakeClock();
  const object = kube.read<V1Service>(path);
  // What the caller has read is never the newest: somebody changes it right then.
  kube.put(path, { ...object, metadata: { ...object.metadata, labels: { changed: 'meanwhile' } } });
  const { signal } = new AbortController();
  return settled(clock, patchLocked(kube, { path, object, plan, clock, signal }));
}

function withService(): FakeKube {
  const kube = createFakeKube();
  kube.put(path, service('web', [servicePort(80, 8080)]));
  return kube;
}

test('a change that was planned on an old object is planned again', async () => {
  const patched = await patch(withService(), toName);
  assert.equal(patched.spec?.ports?.[0]?.targetPort, 'http');
  assert.deepEqual(patched.metadata?.labels, { changed: 'meanwhile' });
});

test('nothing to do is nothing written', async () => {
  const kube = withService();
  await patch(kube, () => []);
  assert.deepEqual(kube.writes, []);
});

test('the plan can change its mind with the new object', async () => {
  const kube = withService();
  const result = await patch(kube, (object) => (object.metadata?.labels === undefined ? toName() : []));
  assert.equal(result.spec?.ports?.[0]?.targetPort, 8080);
});

test('it gives up when others are always faster', async () => {
  const kube = withService();
  kube.refuse(/^PATCH/, () => statusError(409, 'Conflict'));
  await assert.rejects(patch(kube, toName), raises('KUBE_CONFLICT'));
  assert.equal(kube.writes.length, LOCK_ATTEMPTS);
});

test('other failures are not tried again', async () => {
  const kube = withService();
  kube.refuse(/^PATCH/, () => statusError(422, 'Invalid'));
  await assert.rejects(patch(kube, toName), raises('KUBE_REQUEST_FAILED'));
  assert.equal(kube.writes.length, 1);
});
