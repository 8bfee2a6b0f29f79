import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { restoreService, switchService } from '../../../src/intercepts/switch-services.ts';
import { paths, type V1Service } from '../../../src/kube/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';
import { NAMESPACE, service, servicePort } from '../../support/kube-objects.ts';

const path = paths.services(NAMESPACE, 'web');
const options = { namespace: NAMESPACE, clock: createFakeClock(), signal: new AbortController().signal };
let kube: FakeKube;

beforeEach(() => {
  kube = createFakeKube();
  kube.put(path, service('web', [servicePort(80, 8080)]));
});

const live = (): V1Service => kube.read<V1Service>(path);
const target = (): unknown => live().spec?.ports?.[0]?.targetPort;

function switchIt(): Promise<boolean> {
  const change = { service: live(), ports: [{ port: servicePort(80, 8080), to: 'http' }] };
  return switchService(kube, change, { ...options, workload: 'deploy/web' });
}

test('switching says whether it changed something', async () => {
  assert.equal(await switchIt(), true);
  assert.equal(target(), 'http');
  assert.equal(await switchIt(), false);
});

test('restoring says whether it changed something', async () => {
  await switchIt();
  assert.equal(await restoreService(kube, live(), options), true);
  assert.equal(target(), 8080);
  assert.equal(await restoreService(kube, live(), options), false);
});

test('a Service that was deleted meanwhile has nothing to restore', async () => {
  await switchIt();
  const before = live();
  kube.drop(path);
  assert.equal(await restoreService(kube, before, options), false);
});
