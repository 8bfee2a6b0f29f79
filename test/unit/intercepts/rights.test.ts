import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRights, describeRight, requiredRights, toRights } from '../../../src/intercepts/rights.ts';
import type { Operation } from '../../../src/intercepts/rights-table.ts';
import { toWorkload, type Workload } from '../../../src/intercepts/workload.ts';
import { raises } from '../../support/assert-raises.ts';
import { createFakeKube } from '../../support/fake-kube.ts';
import { deployment, NAMESPACE, pod } from '../../support/kube-objects.ts';

const web = toWorkload('Deployment', NAMESPACE, deployment('web'));
const relic = toWorkload('ReplicaSet', NAMESPACE, deployment('relic'));
const lone = toWorkload('Pod', NAMESPACE, pod('lone'));

function needed(operation: Operation, workload: Workload, switchesServices = false): string[] {
  return requiredRights([operation], { namespace: NAMESPACE, workload, switchesServices }).map(
    ({ verb, resource }) => `${verb} ${resource}`,
  );
}

test('an intercept needs the right to change its own kind of workload only', () => {
  assert.ok(needed('intercept', web).includes('patch deployments'));
  assert.ok(!needed('intercept', web).includes('patch replicasets'));
  assert.ok(needed('intercept', relic).includes('patch replicasets'));
});

test('rights are needed only where they are used', () => {
  assert.ok(!needed('intercept', web).includes('patch services'));
  assert.ok(needed('intercept', web, true).includes('patch services'));
  assert.ok(!needed('intercept', web).includes('create pods/eviction'));
  assert.ok(needed('intercept', relic).includes('create pods/eviction'));
  assert.ok(!needed('intercept', web).includes('delete pods'));
  assert.ok(needed('intercept', lone).includes('delete pods'));
});

test('what several operations need is asked for once', () => {
  const both = requiredRights(['tunnel', 'intercept'], { namespace: NAMESPACE, workload: web });
  assert.equal(both.filter(({ verb, resource }) => `${verb} ${resource}` === 'list pods').length, 1);
  assert.ok(both.some(({ resource }) => resource === 'secrets'));
});

test('without a workload nothing is needed for one', () => {
  const rights = requiredRights(['connect'], { namespace: NAMESPACE });
  assert.ok(rights.every(({ resource }) => resource === 'pods'));
});

test('what an operation can do without is not required', () => {
  assert.ok(!needed('intercept', web).some((right) => right.endsWith(' events')));
  assert.ok(!needed('connect', web).some((right) => right.endsWith(' roles')));
});

test('rights on single objects are asked for one by one', () => {
  const row = { verbs: ['get', 'update'], group: '', resource: 'secrets', names: ['a', 'b'], purpose: '' };
  assert.equal(toRights(row, NAMESPACE).length, 4);
  assert.deepEqual(toRights(row, NAMESPACE)[0], {
    verb: 'get',
    group: '',
    resource: 'secrets',
    namespace: NAMESPACE,
    name: 'a',
  });
});

test('a right is described as kubectl would name the resource', () => {
  const right = { verb: 'get', group: 'apps', resource: 'deployments', namespace: NAMESPACE };
  assert.equal(describeRight(right).resource, 'deployments.apps');
  assert.equal(
    describeRight({ ...right, group: '', resource: 'secrets', name: 'tp-ca' }).resource,
    'secrets/tp-ca',
  );
});

test('each missing right is named', async () => {
  const kube = createFakeKube();
  const context = {
    action: 'intercept deploy/web',
    namespace: NAMESPACE,
    workload: web,
    switchesServices: false,
    signal: new AbortController().signal,
  };
  await assertRights(kube, ['tunnel', 'intercept'], context);
  kube.lacking.add('patch deployments').add('list pods');
  await assert.rejects(
    assertRights(kube, ['tunnel', 'intercept'], context),
    raises(
      'KUBE_FORBIDDEN',
      /Not allowed to intercept deploy\/web: you lack "list pods", "patch deployments.apps" in namespace "shop"$/,
    ),
  );
});
