import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePath, paths } from '../../../src/kube/paths.ts';

test('paths of objects and collections', () => {
  assert.equal(paths.pods('demo'), '/api/v1/namespaces/demo/pods');
  assert.equal(paths.pods('demo', 'a'), '/api/v1/namespaces/demo/pods/a');
  assert.equal(paths.namespaces(), '/api/v1/namespaces');
  assert.equal(paths.namespaces('demo'), '/api/v1/namespaces/demo');
  assert.equal(paths.deployments('demo', 'a'), '/apis/apps/v1/namespaces/demo/deployments/a');
  assert.equal(
    paths.scale(paths.statefulSets('demo', 'a')),
    '/apis/apps/v1/namespaces/demo/statefulsets/a/scale',
  );
  assert.equal(
    paths.roles('demo', 'tp:gateway/x'),
    '/apis/rbac.authorization.k8s.io/v1/namespaces/demo/roles/tp%3Agateway%2Fx',
  );
  assert.equal(paths.podSubresource('demo', 'a', 'eviction'), '/api/v1/namespaces/demo/pods/a/eviction');
});

test('parsePath() reads what paths builds', () => {
  const parts = { group: '', namespace: 'demo', resource: 'pods', name: '' };
  assert.deepEqual(parsePath(paths.pods('demo')), parts);
  assert.deepEqual(parsePath(paths.pods('demo', 'a')), { ...parts, name: 'a' });
  assert.deepEqual(parsePath(paths.podSubresource('demo', 'a', 'log')), {
    ...parts,
    resource: 'pods/log',
    name: 'a',
  });
  assert.deepEqual(parsePath(paths.roles('demo', 'a:b/c')), {
    group: 'rbac.authorization.k8s.io',
    namespace: 'demo',
    resource: 'roles',
    name: 'a:b/c',
  });
  assert.deepEqual(parsePath(paths.namespaces()), { ...parts, namespace: '', resource: 'namespaces' });
  assert.deepEqual(parsePath(paths.namespaces('demo')), {
    ...parts,
    namespace: '',
    resource: 'namespaces',
    name: 'demo',
  });
  assert.deepEqual(parsePath(paths.selfSubjectAccessReviews())?.resource, 'selfsubjectaccessreviews');
  assert.equal(parsePath('/version'), undefined);
});
