import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GATEWAY } from '../../../src/contract/index.ts';
import { readConfig } from '../../../src/intercepts/agent-pieces.ts';
import {
  CAN_DELETE_ITSELF_VARIABLE,
  gatewayPod,
  gatewayRoleBinding,
  isOurs,
  ownedBy,
} from '../../../src/intercepts/gateway-objects.ts';
import { NAMESPACE, pod } from '../../support/kube-objects.ts';

const options = { namespace: NAMESPACE, image: 'agent:1', canDeleteItself: true };

test('the gateway is told its role, and has no ports', () => {
  const [container] = gatewayPod(options).spec?.containers ?? [];
  assert.ok(container);
  assert.deepEqual(container.args, ['gateway']);
  const config = readConfig('pod/tp-gateway', container);
  assert.equal(config.role, 'gateway');
  assert.deepEqual(config.ports, []);
});

test('only a gateway that may delete itself is told so', () => {
  const variables = (canDeleteItself: boolean): (string | undefined)[] =>
    gatewayPod({ ...options, canDeleteItself }).spec?.containers[0]?.env?.map(({ name }) => name) ?? [];
  assert.ok(variables(true).includes(CAN_DELETE_ITSELF_VARIABLE));
  assert.ok(!variables(false).includes(CAN_DELETE_ITSELF_VARIABLE));
});

test('the gateway passes the strictest Pod Security level', () => {
  const { securityContext } = gatewayPod(options).spec?.containers[0] ?? {};
  assert.equal(securityContext?.runAsNonRoot, true);
  assert.equal(securityContext.allowPrivilegeEscalation, false);
  assert.deepEqual(securityContext.capabilities, { drop: ['ALL'] });
  assert.deepEqual(securityContext.seccompProfile, { type: 'RuntimeDefault' });
});

test('its rights belong to its pod', () => {
  const binding = gatewayRoleBinding(NAMESPACE, ownedBy(pod(GATEWAY)));
  assert.deepEqual(binding.metadata?.ownerReferences, [
    { apiVersion: 'v1', kind: 'Pod', name: GATEWAY, uid: `uid-pod-${GATEWAY}` },
  ]);
});

test('objects of tp are known by their label', () => {
  assert.equal(isOurs(gatewayPod(options)), true);
  assert.equal(isOurs(pod(GATEWAY)), false);
});
