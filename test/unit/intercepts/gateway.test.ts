import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { GATEWAY } from '../../../src/contract/index.ts';
import { nullLogger } from '../../../src/core/index.ts';
import { createError } from '../../../src/errors/index.ts';
import { ensureCertificates } from '../../../src/intercepts/certificates.ts';
import { gatewayPod } from '../../../src/intercepts/gateway-objects.ts';
import { ensureGateway, removeGateway, type EnsureGatewayOptions } from '../../../src/intercepts/gateway.ts';
import {
  paths,
  type V1Pod,
  type V1Role,
  type V1Secret,
  type V1ServiceAccount,
} from '../../../src/kube/index.ts';
import { raises } from '../../support/assert-raises.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { ready, startControllers, type Controllers } from '../../support/fake-controllers.ts';
import { createFakeKube, statusError, type FakeKube } from '../../support/fake-kube.ts';
import { NAMESPACE, pod } from '../../support/kube-objects.ts';
import { settled } from '../../support/settle.ts';

const path = paths.pods(NAMESPACE, GATEWAY);
const IMAGE = 'agent:1';
const { signal } = new AbortController();

describe('ensureGateway()', () => {
  let kube: FakeKube;
  let controllers: Controllers;
  let clock: FakeClock;
  let secrets: V1Secret[];

  before(async () => {
    const first = createFakeKube();
    await ensureCertificates(first, NAMESPACE, { clock: createFakeClock(), signal });
    secrets = first.all<V1Secret>(paths.secrets(NAMESPACE));
  });

  beforeEach(() => {
    kube = createFakeKube();
    controllers = startControllers(kube);
    clock = createFakeClock();
    for (const secret of secrets) kube.put(paths.secrets(NAMESPACE, secret.metadata?.name), secret);
  });

  function ensure(more: Partial<EnsureGatewayOptions> = {}): Promise<{ pod: string }> {
    const options = {
      namespace: NAMESPACE,
      image: IMAGE,
      timeoutMs: 60_000,
      clock,
      logger: nullLogger,
      signal,
    };
    return settled(clock, ensureGateway(kube, { ...options, onProgress: () => undefined, ...more }));
  }
  const uid = (): string | undefined => kube.read(path).metadata?.uid;
  const waiting = (reason: string): V1Pod['status'] => ({
    phase: 'Pending',
    containerStatuses: [
      {
        name: 'tp-agent',
        image: '',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { waiting: { reason } },
      },
    ],
  });

  test('creates a gateway that may delete itself, and that takes its rights along', async () => {
    assert.deepEqual(await ensure(), { pod: GATEWAY });
    const { spec } = kube.read<V1Pod>(path);
    assert.equal(spec?.serviceAccountName, GATEWAY);
    assert.equal(spec.restartPolicy, 'Always');
    const objects = [paths.serviceAccounts, paths.roles, paths.roleBindings].map((of) =>
      kube.read<V1ServiceAccount>(of(NAMESPACE, GATEWAY)),
    );
    for (const { metadata } of objects) assert.equal(metadata?.ownerReferences?.[0]?.uid, uid());
    const { rules } = kube.read<V1Role>(paths.roles(NAMESPACE, GATEWAY));
    assert.deepEqual(rules, [
      { apiGroups: [''], resources: ['pods'], resourceNames: [GATEWAY], verbs: ['delete'] },
    ]);
  });

  test('without the rights for that the gateway has no token, and just ends', async () => {
    kube.lacking.add('create roles');
    await ensure();
    const { spec } = kube.read<V1Pod>(path);
    assert.equal(spec?.automountServiceAccountToken, false);
    assert.equal(spec.restartPolicy, 'Never');
    assert.equal(kube.has(paths.serviceAccounts(NAMESPACE, GATEWAY)), false);
  });

  test('uses the one that is there, whatever its image', async () => {
    await ensure();
    const first = uid();
    await ensure({ image: 'agent:2' });
    assert.equal(uid(), first);
  });

  test('two people at once get the same one', async () => {
    kube.refuse(
      new RegExp(`^POST ${paths.pods(NAMESPACE)}$`),
      () => {
        kube.put(path, gatewayPod({ namespace: NAMESPACE, image: IMAGE, canDeleteItself: true }));
        return statusError(409, 'AlreadyExists');
      },
      1,
    );
    await ensure();
    const account = kube.read<V1ServiceAccount>(paths.serviceAccounts(NAMESPACE, GATEWAY));
    assert.equal(account.metadata?.ownerReferences?.[0]?.uid, uid());
  });

  test('what an earlier gateway left is adopted', async () => {
    const stale = {
      metadata: {
        name: GATEWAY,
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: GATEWAY, uid: 'gone' }],
      },
    };
    for (const of of [paths.serviceAccounts, paths.roles, paths.roleBindings])
      kube.put(of(NAMESPACE, GATEWAY), stale);
    await ensure();
    for (const of of [paths.serviceAccounts, paths.roles, paths.roleBindings])
      assert.equal(kube.read(of(NAMESPACE, GATEWAY)).metadata?.ownerReferences?.[0]?.uid, uid());
  });

  test('one that has ended is replaced', async () => {
    await ensure();
    const ended = uid();
    kube.put(path, { ...kube.read<V1Pod>(path), status: { phase: 'Succeeded' } });
    await ensure();
    assert.notEqual(uid(), ended);
  });

  test('one that is ending is waited for', async () => {
    const ending = gatewayPod({ namespace: NAMESPACE, image: IMAGE, canDeleteItself: true });
    kube.put(path, {
      ...ending,
      metadata: { ...ending.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
      status: ready,
    });
    const old = uid();
    const work = ensure();
    await clock.advance(3000);
    assert.equal(uid(), old);
    kube.drop(path);
    await work;
    assert.notEqual(uid(), old);
  });

  test('a ServiceAccount without a token yet is waited for', async () => {
    kube.refuse(
      new RegExp(`^POST ${paths.pods(NAMESPACE)}$`),
      () => statusError(500, 'ServerTimeout', 'no API token found'),
      3,
    );
    await ensure();
    assert.ok(kube.has(path));
  });

  test('an image that does not come is told, and the pod removed', async () => {
    controllers.startPod = () => waiting('ErrImagePull');
    await assert.rejects(
      ensure(),
      raises('IMAGE_NOT_PULLABLE', /"agent:1" for pod\/tp-gateway: container tp-agent: ErrImagePull/),
    );
    assert.equal(kube.has(path), false);
  });

  test('one with an image that does not come is replaced by ours', async () => {
    controllers.startPod = ({ spec }) =>
      spec?.containers[0]?.image === 'wrong:1' ? waiting('ErrImagePull') : ready;
    kube.put(path, gatewayPod({ namespace: NAMESPACE, image: 'wrong:1', canDeleteItself: false }));
    await ensure();
    assert.equal(kube.read<V1Pod>(path).spec?.containers[0]?.image, IMAGE);
  });

  test('a crashing gateway is told', async () => {
    controllers.startPod = () => waiting('CrashLoopBackOff');
    await assert.rejects(ensure(), raises('GATEWAY_FAILED', /CrashLoopBackOff/));
  });

  test('one that does not get ready in time is told, with what it waits for', async () => {
    controllers.startPod = () => waiting('ContainerCreating');
    await assert.rejects(
      ensure({ timeoutMs: 20_000 }),
      raises('GATEWAY_FAILED', /not ready after 20 s, waits for ContainerCreating/),
    );
    assert.equal(kube.has(path), false);
  });

  test('a pod that the cluster refuses is told with the reason', async () => {
    kube.refuse(new RegExp(`^POST ${paths.pods(NAMESPACE)}$`), () =>
      statusError(403, 'Forbidden', 'exceeded quota: small'),
    );
    await assert.rejects(ensure(), raises('GATEWAY_FAILED', /exceeded quota: small/));
  });

  test('a namespace that does not exist, and a right that is missing, are told', async () => {
    const refuseWith = (error: () => Error): void =>
      kube.refuse(new RegExp(`^POST ${paths.pods(NAMESPACE)}$`), error, 1);
    refuseWith(() => statusError(404, 'NotFound'));
    await assert.rejects(ensure(), raises('NAMESPACE_NOT_FOUND'));
    refuseWith(() => createError('KUBE_FORBIDDEN', { action: 'create pods', missing: [] }));
    await assert.rejects(ensure(), raises('KUBE_FORBIDDEN'));
  });

  test('a gateway that got no right to delete itself is not left behind', async () => {
    kube.refuse(/^POST .*roles$/, () => statusError(403, 'Forbidden', 'attempt to grant extra privileges'));
    await assert.rejects(ensure(), raises('GATEWAY_FAILED', /attempt to grant/));
    assert.equal(kube.has(path), false);
  });

  test("somebody else's pod of that name is left alone", async () => {
    kube.put(path, pod(GATEWAY));
    await assert.rejects(ensure(), raises('GATEWAY_FAILED', /tp did not create/));
    assert.equal(await removeGateway(kube, { namespace: NAMESPACE, signal }), false);
    assert.ok(kube.has(path));
  });

  test('removeGateway() says whether there was one', async () => {
    await ensure();
    assert.equal(await removeGateway(kube, { namespace: NAMESPACE, signal }), true);
    assert.equal(await removeGateway(kube, { namespace: NAMESPACE, signal }), false);
  });
});
