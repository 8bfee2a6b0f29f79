import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applierOfTargetPort, appliersOf } from '../../../src/intercepts/managed-fields.ts';
import type { V1ObjectMeta } from '../../../src/kube/index.ts';
import { servicePort } from '../../support/kube-objects.ts';

function managed(manager: string, operation: string, ports: object): V1ObjectMeta {
  return { managedFields: [{ manager, operation, fieldsV1: { 'f:spec': { 'f:ports': ports } } }] };
}
const http = servicePort(80, 8080);
const owned = { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:targetPort': {} } };

test('a manager that applies the targetPort owns it', () => {
  assert.equal(applierOfTargetPort(managed('argocd', 'Apply', owned), http), 'argocd');
});

test('the port is found by number and protocol', () => {
  const metadata = managed('argocd', 'Apply', owned);
  assert.equal(applierOfTargetPort(metadata, servicePort(81, 8080)), undefined);
  assert.equal(applierOfTargetPort(metadata, servicePort(80, 8080, { protocol: 'UDP' })), undefined);
  assert.equal(applierOfTargetPort(metadata, { port: 80 }), 'argocd');
});

test('a manager that applies the port without its targetPort does not own that', () => {
  const ports = { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } };
  assert.equal(applierOfTargetPort(managed('argocd', 'Apply', ports), http), undefined);
});

test('a manager that applies the list as a whole owns all of it', () => {
  assert.equal(applierOfTargetPort(managed('argocd', 'Apply', {}), http), 'argocd');
});

test('updates do not own, and neither does tp itself', () => {
  assert.equal(applierOfTargetPort(managed('kubectl', 'Update', owned), http), undefined);
  assert.equal(applierOfTargetPort(managed('tp', 'Apply', owned), http), undefined);
  assert.equal(applierOfTargetPort(undefined, http), undefined);
  assert.equal(
    applierOfTargetPort({ managedFields: [{ manager: 'a', operation: 'Apply' }] }, http),
    undefined,
  );
});

test('appliersOf() names each manager once', () => {
  const entry = { manager: 'flux', operation: 'Apply' };
  assert.deepEqual(
    appliersOf({ managedFields: [entry, entry, { manager: 'kubectl', operation: 'Update' }] }),
    ['flux'],
  );
});
