import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Pod } from '../../../../../src/kube/index.ts';
import { becomeCommand, identityOf } from '../../../../../src/sandbox/node/containers/identity.ts';

const pod: V1Pod = { metadata: { name: 'p', namespace: 'n', uid: 'u' }, spec: { containers: [] } };

test('identityOf() takes the container before the pod before the image', () => {
  const forPod = { ...pod, spec: { containers: [], securityContext: { runAsUser: 1 } } };
  assert.equal(identityOf(forPod, { name: 'c', securityContext: { runAsUser: 2 } }, 3).user, 2);
  assert.equal(identityOf(forPod, { name: 'c' }, 3).user, 1);
  assert.equal(identityOf(pod, { name: 'c' }, 3).user, 3);
});

test('identityOf() refuses root where root is forbidden', () => {
  const securityContext = { runAsNonRoot: true };
  assert.throws(
    () => identityOf(pod, { name: 'c', securityContext }),
    /image will run as root \(pod: "p_n\(u\)", container: c\)/,
  );
  assert.throws(
    () => identityOf(pod, { name: 'c', securityContext: { ...securityContext, runAsUser: 0 } }),
    /breaks non-root/,
  );
  assert.equal(identityOf(pod, { name: 'c', securityContext }, 1000).user, 1000);
});

test('capabilities are the default, and what is added and dropped', () => {
  const capabilities = { drop: ['ALL'], add: ['NET_ADMIN'] };
  assert.deepEqual(identityOf(pod, { name: 'c', securityContext: { capabilities } }).capabilities, [
    'net_admin',
  ]);
  assert.equal(identityOf(pod, { name: 'c', securityContext: { privileged: true } }).capabilities, 'all');
});

test('becomeCommand() makes a user by a user namespace where only root exists', () => {
  const identity = { user: 7, group: 8, supplementalGroups: [], capabilities: [], isNoNewPrivileges: true };
  assert.equal(
    becomeCommand(identity, true),
    'unshare --user --map-user=7 --map-group=8 setpriv --no-new-privs',
  );
  assert.match(becomeCommand(identity, false), /^setpriv --no-new-privs --reuid 7 --regid 8 --clear-groups/);
});
