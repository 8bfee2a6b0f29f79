/** Requests of the client against a fake API server: what is sent, and what becomes of the answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isToolError } from '../../../src/errors/index.ts';
import { kubeStatus, paths } from '../../../src/kube/index.ts';
import { startFakeApiServer, statusAnswer } from '../../support/fake-api-server.ts';
import { createTestClient } from '../../support/fake-kubeconfig.ts';

const { signal } = new AbortController();

test('the client says which context it is for', async (t) => {
  const server = await startFakeApiServer(t);
  const plain = await createTestClient(t, server);
  assert.equal(plain.context, 'fake');
  assert.equal(plain.namespace, 'default');
  assert.equal(plain.user, 'ann');
  assert.equal(plain.server, `http://127.0.0.1:${server.port}`);
  const inNamespace = await createTestClient(t, server, { context: { namespace: 'demo' } });
  assert.equal(inNamespace.namespace, 'demo');
});

test('get() sends the query and returns the object', async (t) => {
  const server = await startFakeApiServer(t, { answer: () => ({ body: { metadata: { name: 'a' } } }) });
  const client = await createTestClient(t, server);
  const query = { pretty: true, tailLines: 5, container: undefined };
  assert.deepEqual(await client.get(paths.pods('demo', 'a'), { query, signal }), { metadata: { name: 'a' } });
  const [request] = server.requests;
  assert.equal(request?.method, 'GET');
  assert.equal(
    request.url.pathname + request.url.search,
    '/api/v1/namespaces/demo/pods/a?pretty=true&tailLines=5',
  );
  assert.equal(request.headers['host'], `127.0.0.1:${server.port}`);
  assert.equal(request.headers['user-agent'], 'tp/0');
});

test('a path in the server URL comes before each API path', async (t) => {
  const server = await startFakeApiServer(t);
  const client = await createTestClient(t, server, { basePath: '/k8s/clusters/c1/' });
  await client.get(paths.pods('demo', 'a'), { signal });
  assert.equal(server.requests[0]?.url.pathname, '/k8s/clusters/c1/api/v1/namespaces/demo/pods/a');
});

test('find() turns 404 into undefined, and nothing else', async (t) => {
  const answers = [statusAnswer(404, 'NotFound'), statusAnswer(500, 'InternalError')];
  const server = await startFakeApiServer(t, { answer: () => answers.shift() ?? {} });
  const client = await createTestClient(t, server);
  assert.equal(await client.find(paths.pods('demo', 'a'), { signal }), undefined);
  await assert.rejects(client.find(paths.pods('demo', 'a'), { signal }), /InternalError/);
});

test('getText() returns what is not JSON', async (t) => {
  const server = await startFakeApiServer(t, { answer: () => ({ body: 'line 1\nline 2\n' }) });
  const client = await createTestClient(t, server);
  assert.equal(
    await client.getText(paths.podSubresource('demo', 'a', 'log'), { signal }),
    'line 1\nline 2\n',
  );
});

test('list() follows `continue` to the last page', async (t) => {
  const server = await startFakeApiServer(t, {
    answer: ({ url }) => ({
      body:
        url.searchParams.get('continue') === 'next'
          ? { metadata: { resourceVersion: '7' }, items: [{ metadata: { name: 'b' } }] }
          : { metadata: { resourceVersion: '7', continue: 'next' }, items: [{ metadata: { name: 'a' } }] },
    }),
  });
  const client = await createTestClient(t, server);
  const list = await client.list(paths.pods('demo'), { labelSelector: 'app=web', signal });
  assert.deepEqual(list, {
    items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }],
    resourceVersion: '7',
  });
  assert.deepEqual(
    server.requests.map(({ url }) => url.search),
    ['?labelSelector=app%3Dweb&limit=500', '?labelSelector=app%3Dweb&limit=500&continue=next'],
  );
});

test('an empty collection may have no items field', async (t) => {
  const server = await startFakeApiServer(t, {
    answer: () => ({ body: { metadata: { resourceVersion: '7' }, items: null } }),
  });
  const client = await createTestClient(t, server);
  assert.deepEqual(await client.list(paths.pods('demo'), { signal }), { items: [], resourceVersion: '7' });
});

test('writes name their field manager and can be dry', async (t) => {
  const server = await startFakeApiServer(t);
  const client = await createTestClient(t, server);
  const path = paths.services('demo', 'a');
  await client.create(paths.services('demo'), { a: 1 }, { signal });
  await client.replace(path, { a: 2 }, { signal, dryRun: true });
  await client.patch(path, [{ op: 'remove', path: '/a' }], {
    type: 'json',
    fieldManager: 'tp-gateway',
    signal,
  });
  await client.patch(path, { a: null }, { type: 'merge', signal });
  await client.patch(path, { a: null }, { type: 'strategic', signal });
  await client.patch(path, { a: 3 }, { type: 'apply', force: true, signal });
  assert.deepEqual(
    server.requests.map(({ method, url, headers, body }) => [
      method,
      url.search,
      headers['content-type'],
      body,
    ]),
    [
      ['POST', '?fieldManager=tp', 'application/json', { a: 1 }],
      ['PUT', '?dryRun=All&fieldManager=tp', 'application/json', { a: 2 }],
      ['PATCH', '?fieldManager=tp-gateway', 'application/json-patch+json', [{ op: 'remove', path: '/a' }]],
      ['PATCH', '?fieldManager=tp', 'application/merge-patch+json', { a: null }],
      ['PATCH', '?fieldManager=tp', 'application/strategic-merge-patch+json', { a: null }],
      ['PATCH', '?fieldManager=tp&force=true', 'application/apply-patch+yaml', { a: 3 }],
    ],
  );
});

test('delete() sends its options, and takes 404 for success', async (t) => {
  const answers = [{}, statusAnswer(404, 'NotFound'), statusAnswer(409, 'Conflict')];
  const server = await startFakeApiServer(t, { answer: () => answers.shift() ?? {} });
  const client = await createTestClient(t, server);
  const options = {
    gracePeriodSeconds: 0,
    propagationPolicy: 'Background',
    preconditions: { uid: 'u' },
  } as const;
  await client.delete(paths.pods('demo', 'a'), { ...options, signal });
  assert.equal(server.requests[0]?.method, 'DELETE');
  assert.deepEqual(server.requests[0].body, options);
  await client.delete(paths.pods('demo', 'a'), { signal });
  await assert.rejects(client.delete(paths.pods('demo', 'a'), { signal }), (error) =>
    isToolError(error, 'KUBE_CONFLICT'),
  );
});

test('version() reads numbers also where a provider adds a sign', async (t) => {
  const server = await startFakeApiServer(t, {
    answer: () => ({ body: { major: '1', minor: '27+', gitVersion: 'v1.27.3-gke.1' } }),
  });
  const client = await createTestClient(t, server);
  assert.deepEqual(await client.version({ signal }), { major: 1, minor: 27, gitVersion: 'v1.27.3-gke.1' });
});

test('missingRights() asks the API server', async (t) => {
  const server = await startFakeApiServer(t, { answer: () => ({ body: { status: { allowed: false } } }) });
  const client = await createTestClient(t, server);
  const right = { verb: 'get', group: '', resource: 'pods/portforward', namespace: 'demo' };
  assert.deepEqual(await client.missingRights([right], { signal }), [right]);
  assert.equal(server.requests[0]?.url.pathname, paths.selfSubjectAccessReviews());
});

test('a refusal keeps status and reason', async (t) => {
  const server = await startFakeApiServer(t, { answer: () => statusAnswer(422, 'Invalid', 'spec is wrong') });
  const client = await createTestClient(t, server);
  await assert.rejects(client.create(paths.pods('demo'), {}, { signal }), (error) => {
    assert.deepEqual(kubeStatus(error), { status: 422, kubeReason: 'Invalid', causes: [] });
    return true;
  });
});
