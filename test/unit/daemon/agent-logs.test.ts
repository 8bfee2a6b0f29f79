import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { GATEWAY } from '../../../src/contract/index.ts';
import { readAgentLogs } from '../../../src/daemon/agent-logs.ts';
import { paths, type GetOptions } from '../../../src/kube/index.ts';
import { raises } from '../../support/assert-raises.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';
import { agentPod } from '../../support/intercepted-workload.ts';
import { deployment, NAMESPACE, pod } from '../../support/kube-objects.ts';

const { signal } = new AbortController();
let kube: FakeKube;

beforeEach(() => {
  kube = Object.assign(createFakeKube(), {
    getText: (path: string, { query }: GetOptions) => Promise.resolve(`${path} ${JSON.stringify(query)}`),
  });
  kube.put(paths.deployments(NAMESPACE, 'web'), deployment('web'));
  kube.put(paths.pods(NAMESPACE, 'web-old'), pod('web-old', { labels: { app: 'web' } }));
});

test('the logs of a workload are those of its pods that have an agent', async () => {
  const missing = readAgentLogs(kube, { name: 'deploy/web', tailLines: 5, signal });
  await assert.rejects(missing, raises('AGENT_UNREACHABLE', /no pod of it has one/));
  kube.put(paths.pods(NAMESPACE, 'web-1'), agentPod('web-1'));
  const { logs } = await readAgentLogs(kube, { name: 'deploy/web', tailLines: 5, signal });
  const path = paths.podSubresource(NAMESPACE, 'web-1', 'log');
  assert.deepEqual(logs, [{ pod: 'web-1', text: `${path} {"container":"tp-agent","tailLines":5}` }]);
});

test("the gateway's logs are read under its own name", async () => {
  kube.put(paths.pods(NAMESPACE, GATEWAY), agentPod(GATEWAY));
  kube.put(paths.pods(NAMESPACE, 'web-1'), agentPod('web-1'));
  const { logs } = await readAgentLogs(kube, { name: GATEWAY, tailLines: 5, signal });
  assert.deepEqual(
    logs.map(({ pod: name }) => name),
    [GATEWAY],
  );
});
