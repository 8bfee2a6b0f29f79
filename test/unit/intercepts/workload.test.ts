import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  controllerOf,
  encodeLabelSelector,
  podsOf,
  selects,
  templateOf,
  templatePointer,
  toWorkload,
  wantedReplicas,
  workloadPath,
} from '../../../src/intercepts/workload.ts';
import { deployment, NAMESPACE, pod } from '../../support/kube-objects.ts';

const web = toWorkload('Deployment', NAMESPACE, deployment('web', { replicas: 3 }));
const lone = toWorkload('Pod', NAMESPACE, pod('lone'));

test('a workload is called by kubectl short names', () => {
  assert.equal(web.label, 'deploy/web');
  assert.equal(lone.label, 'pod/lone');
});

test('workloadPath() names the object in the API', () => {
  assert.equal(workloadPath(web), '/apis/apps/v1/namespaces/shop/deployments/web');
  assert.equal(workloadPath(lone), '/api/v1/namespaces/shop/pods/lone');
});

test('a Pod is its own template', () => {
  assert.equal(templateOf(lone).spec?.containers[0]?.name, 'app');
  assert.equal(templatePointer('Pod'), '');
  assert.equal(templatePointer('DaemonSet'), '/spec/template');
});

test('wantedReplicas() knows what each kind says and its default', () => {
  assert.equal(wantedReplicas(web), 3);
  assert.equal(wantedReplicas(lone), 1);
  assert.equal(wantedReplicas(toWorkload('StatefulSet', NAMESPACE, {})), 1);
  const daemonSet = {
    status: { currentNumberScheduled: 1, desiredNumberScheduled: 2, numberMisscheduled: 0, numberReady: 1 },
  };
  assert.equal(wantedReplicas(toWorkload('DaemonSet', NAMESPACE, daemonSet)), 2);
});

test('podsOf() selects by labels, a Pod by its name', () => {
  assert.deepEqual(podsOf(web), { labelSelector: 'app=web' });
  assert.deepEqual(podsOf(lone), { fieldSelector: 'metadata.name=lone' });
});

test('encodeLabelSelector() writes every operator', () => {
  const selector = {
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['a', 'b'] },
      { key: 'zone', operator: 'NotIn', values: ['x'] },
      { key: 'live', operator: 'Exists' },
      { key: 'dead', operator: 'DoesNotExist' },
    ],
  };
  assert.equal(encodeLabelSelector(selector), 'app=web,tier in (a,b),zone notin (x),live,!dead');
});

test('selects() needs every label, and an empty selector selects nothing', () => {
  assert.equal(selects({ app: 'web' }, { app: 'web', tier: 'front' }), true);
  assert.equal(selects({ app: 'web', tier: 'back' }, { app: 'web', tier: 'front' }), false);
  assert.equal(selects({}, { app: 'web' }), false);
  assert.equal(selects(undefined, undefined), false);
});

test('controllerOf() ignores owners that do not control', () => {
  const owner = { apiVersion: 'v1', kind: 'ReplicaSet', name: 'a', uid: '1' };
  assert.equal(controllerOf({ ownerReferences: [owner] }), undefined);
  assert.equal(
    controllerOf({ ownerReferences: [owner, { ...owner, name: 'b', controller: true }] })?.name,
    'b',
  );
});
