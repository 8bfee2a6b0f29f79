import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ToolError } from '../../../src/errors/index.ts';
import { createError } from '../../../src/errors/index.ts';
import { describeAction, fromAnswer, fromNetworkError, kubeStatus } from '../../../src/kube/kube-errors.ts';
import { paths } from '../../../src/kube/paths.ts';

const server = 'https://cluster.example';

interface Status {
  code: number;
  reason?: string;
  message: string;
  details?: object;
}

function answer(status: Status, method = 'GET', path = paths.pods('demo', 'a')): ToolError {
  const body = JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', ...status });
  return fromAnswer(status.code, body, { method, path, server });
}

test('401 is KUBE_UNAUTHORIZED', () => {
  const error = answer({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
  assert.equal(error.code, 'KUBE_UNAUTHORIZED');
  assert.match(error.message, /cluster\.example/);
  assert.equal(kubeStatus(error)?.status, 401);
});

test('403 of the authorizer names the missing right', () => {
  const message =
    'pods "a" is forbidden: User "ann" cannot create resource "pods/portforward" in API group "" in the namespace "demo"';
  const error = answer({ code: 403, reason: 'Forbidden', message });
  assert.equal(error.code, 'KUBE_FORBIDDEN');
  assert.deepEqual(error.details['missing'], [
    { verb: 'create', resource: 'pods/portforward', group: '', namespace: 'demo' },
  ]);
  assert.equal(
    error.message,
    'Not allowed to get pods "a" in namespace "demo": you lack "create pods/portforward" in namespace "demo"',
  );
});

test('403 at cluster scope says so', () => {
  const message =
    'namespaces is forbidden: User "ann" cannot list resource "namespaces" in API group "" at the cluster scope';
  const error = answer({ code: 403, reason: 'Forbidden', message }, 'GET', paths.namespaces());
  assert.match(
    error.message,
    /^Not allowed to list namespaces: you lack "list namespaces" at cluster scope$/,
  );
});

test('403 of quota and admission is no missing right', () => {
  const message =
    'pods "a" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2';
  const error = answer({ code: 403, reason: 'Forbidden', message }, 'POST', paths.pods('demo'));
  assert.equal(error.code, 'KUBE_REQUEST_FAILED');
  assert.equal(error.message, `Kubernetes refused to create pods in namespace "demo" (403): ${message}`);
});

test('409 is KUBE_CONFLICT when somebody else changed the object, with the causes', () => {
  const field = '.spec.ports[name="http"].targetPort';
  const error = answer({
    code: 409,
    reason: 'Conflict',
    message: 'Apply failed with 1 conflict',
    details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "argocd"', field }] },
  });
  assert.equal(error.code, 'KUBE_CONFLICT');
  assert.deepEqual(kubeStatus(error), {
    status: 409,
    kubeReason: 'Conflict',
    causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "argocd"', field }],
  });
});

test('409 AlreadyExists is told from a conflict', () => {
  const error = answer({ code: 409, reason: 'AlreadyExists', message: 'secrets "a" already exists' });
  assert.equal(error.code, 'KUBE_REQUEST_FAILED');
  assert.equal(kubeStatus(error)?.kubeReason, 'AlreadyExists');
});

test('404 and 422 keep status and reason', () => {
  const missing = answer({
    code: 404,
    reason: 'NotFound',
    message: 'pods "a" not found',
    details: { kind: 'pods' },
  });
  assert.equal(missing.code, 'KUBE_REQUEST_FAILED');
  assert.deepEqual(kubeStatus(missing), { status: 404, kubeReason: 'NotFound', causes: [] });
  const invalid = answer({ code: 422, reason: 'Invalid', message: 'Pod "a" is invalid' });
  assert.equal(kubeStatus(invalid)?.status, 422);
});

test('a missing namespace has its own code', () => {
  const details = { kind: 'namespaces', name: 'demo' };
  const error = answer({ code: 404, reason: 'NotFound', message: 'namespaces "demo" not found', details });
  assert.equal(error.code, 'NAMESPACE_NOT_FOUND');
  assert.equal(kubeStatus(error)?.status, 404);
});

test('answers that are not from Kubernetes', () => {
  const asked = { method: 'GET', path: '/version', server };
  const text = fromAnswer(500, 'pod not found\n ("a_demo")\n', asked);
  assert.equal(text.message, 'Kubernetes refused to get /version (500): pod not found ("a_demo")');
  const page = fromAnswer(502, '<html>Bad Gateway</html>', asked);
  assert.match(page.message, /\(502\): the answer does not come from Kubernetes$/);
  assert.equal(fromAnswer(500, 'null', asked).code, 'KUBE_REQUEST_FAILED');
});

test('kubeStatus() of other errors is undefined', () => {
  assert.equal(kubeStatus(new Error('x')), undefined);
  assert.equal(kubeStatus(createError('KUBE_UNREACHABLE', { server, reason: 'x' })), undefined);
});

test('describeAction() says what was asked', () => {
  assert.equal(describeAction({ method: 'GET', path: paths.pods('demo') }), 'list pods in namespace "demo"');
  assert.equal(
    describeAction({ method: 'DELETE', path: paths.pods('demo', 'a') }),
    'delete pods "a" in namespace "demo"',
  );
  assert.equal(describeAction({ method: 'GET', path: '/version' }), 'get /version');
});

test('failures of the network become KUBE_UNREACHABLE in words', () => {
  const withCode = (code: string): Error => Object.assign(new Error('raw'), { code });
  const reasonOf = (error: unknown): unknown => {
    const { code, details } = fromNetworkError(error, server);
    assert.equal(code, 'KUBE_UNREACHABLE');
    return details['reason'];
  };
  assert.equal(reasonOf(withCode('ECONNREFUSED')), 'connection refused');
  assert.equal(reasonOf(withCode('ENOTFOUND')), 'its name cannot be resolved');
  assert.equal(reasonOf(withCode('CERT_HAS_EXPIRED')), 'its certificate has expired');
  assert.equal(reasonOf(withCode('EODD')), 'raw');
  assert.equal(reasonOf('odd'), 'odd');
  const both = new AggregateError([withCode('ECONNREFUSED'), withCode('ENETUNREACH')]);
  assert.equal(reasonOf(both), 'connection refused, the network is unreachable');
});

test('an error of ours passes through', () => {
  const error = createError('KUBECONFIG_NO_CONTEXT', {});
  assert.equal(fromNetworkError(error, server), error);
});
