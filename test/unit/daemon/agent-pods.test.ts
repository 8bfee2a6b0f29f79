import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AGENT_CONFIG_VARIABLE, AGENT_CONTAINER } from '../../../src/contract/index.ts';
import { agentConfigOf, isAgentReady, isGone } from '../../../src/daemon/agent-pods.ts';
import type { V1Pod } from '../../../src/kube/index.ts';
import { agentPod } from '../../support/intercepted-workload.ts';
import { container, pod } from '../../support/kube-objects.ts';

test('an agent is ready by its own container, not by the pod, and never in a pod that goes', () => {
  const running = agentPod('web-1');
  assert.equal(isAgentReady(running), true);
  assert.equal(isAgentReady(agentPod('web-1', false)), false);
  assert.equal(isAgentReady(pod('web-1')), false);
  const deletionTimestamp = '2026-01-01T00:00:00Z';
  const ending: V1Pod = { ...running, metadata: { ...running.metadata, deletionTimestamp } };
  assert.equal(isAgentReady(ending), false);
  // Its agent still serves what it has.
  assert.equal(isGone(ending), false);
  assert.equal(isGone({ ...running, status: { phase: 'Succeeded' } }), true);
});

test('a configuration is read from the pod; one of another version, or damaged, is none', () => {
  const config = { version: 1, role: 'agent', workload: 'deploy/web', ports: [], containers: [] };
  const podWith = (value: string): V1Pod =>
    pod('web-1', {
      containers: [container(AGENT_CONTAINER, [], { env: [{ name: AGENT_CONFIG_VARIABLE, value }] })],
    });
  assert.deepEqual(agentConfigOf(podWith(JSON.stringify(config))), config);
  assert.equal(agentConfigOf(podWith(JSON.stringify({ ...config, version: 2 }))), undefined);
  assert.equal(agentConfigOf(podWith('{')), undefined);
  assert.equal(agentConfigOf(pod('web-1')), undefined);
});
