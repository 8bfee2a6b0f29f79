import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { AGENT_SECRET, AUTHORITY_SECRET, GATEWAY, MANAGED_BY } from '../../../src/contract/index.ts';
import { nullLogger } from '../../../src/core/index.ts';
import { createError } from '../../../src/errors/index.ts';
import { findShared, GATEWAY_LABEL, removeShared } from '../../../src/intercepts/shared-objects.ts';
import { paths } from '../../../src/kube/index.ts';
import { ready } from '../../support/fake-controllers.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';
import { NAMESPACE } from '../../support/kube-objects.ts';

const options = { namespace: NAMESPACE, logger: nullLogger, signal: new AbortController().signal };
const all = [
  'pod/tp-gateway',
  'serviceaccount/tp-gateway',
  'role/tp-gateway',
  'rolebinding/tp-gateway',
  'secret/tp-agent-tls',
  'secret/tp-ca',
];

describe('removeShared()', () => {
  let kube: FakeKube;

  beforeEach(() => {
    kube = createFakeKube();
    for (const path of [
      paths.pods(NAMESPACE, GATEWAY),
      paths.serviceAccounts(NAMESPACE, GATEWAY),
      paths.roles(NAMESPACE, GATEWAY),
      paths.roleBindings(NAMESPACE, GATEWAY),
      paths.secrets(NAMESPACE, AGENT_SECRET),
      paths.secrets(NAMESPACE, AUTHORITY_SECRET),
    ])
      kube.put(path, { metadata: { name: path.split('/').at(-1), labels: MANAGED_BY }, status: ready });
  });

  async function leftAfter(spare: string[]): Promise<string[]> {
    await removeShared(kube, { ...options, spare: new Set(spare) });
    return findShared(kube, options);
  }

  test('nothing is left when nobody uses anything', async () => {
    assert.deepEqual(await findShared(kube, options), all);
    assert.deepEqual(await leftAfter([]), []);
  });

  test('a gateway in use keeps what it owns and the certificates', async () => {
    assert.deepEqual(await leftAfter([GATEWAY_LABEL]), all);
  });

  test('an agent in use keeps the certificates only', async () => {
    assert.deepEqual(await leftAfter(['deploy/web']), ['secret/tp-agent-tls', 'secret/tp-ca']);
  });

  test('what the user may not look at does not stop the rest', async () => {
    kube.refuse(/^GET .*roles/, () => createError('KUBE_FORBIDDEN', { action: 'get roles', missing: [] }));
    await removeShared(kube, { ...options, spare: new Set() });
    assert.ok(kube.has(paths.roles(NAMESPACE, GATEWAY)));
    assert.ok(!kube.has(paths.secrets(NAMESPACE, AUTHORITY_SECRET)));
  });
});
