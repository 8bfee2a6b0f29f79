/** Legacy auth-provider users, which client-node serves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isToolError } from '../../../src/errors/index.ts';
import { startFakeApiServer } from '../../support/fake-api-server.ts';
import { createTestClient } from '../../support/fake-kubeconfig.ts';

const { signal } = new AbortController();

/** A token that says when it expires; nobody checks its signature here. */
function createIdToken(expiresAtSeconds: number): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode({ alg: 'none' })}.${encode({ exp: expiresAtSeconds })}.x`;
}

test('an oidc user sends its id-token', async (t) => {
  const server = await startFakeApiServer(t);
  const idToken = createIdToken(Date.now() / 1000 + 3_600);
  const user = { 'auth-provider': { name: 'oidc', config: { 'id-token': idToken } } };
  const client = await createTestClient(t, server, { user });
  await client.get('/version', { signal });
  await client.get('/version', { signal });
  assert.deepEqual(
    server.requests.map(({ headers }) => headers.authorization),
    [`Bearer ${idToken}`, `Bearer ${idToken}`],
  );
});

test('a gcp user whose token has expired, without a command to renew it, is told so', async (t) => {
  const server = await startFakeApiServer(t);
  const config = { 'access-token': 'abc', expiry: '2020-01-01T00:00:00Z' };
  const user = { 'auth-provider': { name: 'gcp', config } };
  const client = await createTestClient(t, server, { user });
  await assert.rejects(
    client.get('/version', { signal }),
    (error) =>
      isToolError(error, 'KUBECONFIG_CREDENTIALS_FAILED') && /user "ann".*expired/.test(error.message),
  );
});
