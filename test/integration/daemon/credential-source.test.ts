import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCredentialSource } from '../../../src/daemon/credential-source.ts';
import { clientLifetimeMs, createKey } from '../../../src/pki/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createFakeKube } from '../../support/fake-kube.ts';

const { signal } = new AbortController();

test('a certificate is made once, and again for the same key when less than a third of its life is left', async () => {
  const clock = createFakeClock();
  const source = createCredentialSource({
    kube: createFakeKube(),
    clientName: 'ann@laptop',
    loadKey: createKey,
    clock,
  });
  const first = await source.current({ signal });
  assert.equal(first.serverName, 'tp-agent.shop');
  await clock.advance(clientLifetimeMs / 2);
  assert.equal(await source.current({ signal }), first);
  await clock.advance(clientLifetimeMs / 4);
  const second = await source.current({ signal });
  assert.notEqual(second.certificate, first.certificate);
  assert.equal(second.authority, first.authority);
  assert.equal(second.key, first.key);
});
