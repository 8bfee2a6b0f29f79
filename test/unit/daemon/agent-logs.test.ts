import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { beforeEach, test } from 'node:test';
import { GATEWAY } from '../../../src/contract/index.ts';
import { followAgentLogs, readAgentLogs } from '../../../src/daemon/agent-logs.ts';
import { createError } from '../../../src/errors/index.ts';
import { paths, type GetOptions, type V1Pod } from '../../../src/kube/index.ts';
import { raises } from '../../support/assert-raises.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';
import { agentPod } from '../../support/intercepted-workload.ts';
import { waitFor } from '../../support/sockets.ts';
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

test('a log that is followed goes on with the agents that come', async () => {
  const end = new AbortController();
  const logs = new Map<string, { query: unknown; stream: PassThrough }>();
  const lines: string[] = [];
  kube.streamText = (path, { query }) => {
    const stream = new PassThrough();
    logs.set(path, { query, stream });
    return Promise.resolve(stream);
  };
  const logOf = (name: string): { query: unknown; stream: PassThrough } => {
    const log = logs.get(paths.podSubresource(NAMESPACE, name, 'log'));
    assert.ok(log, `the log of ${name} is read`);
    return log;
  };
  kube.put(paths.pods(NAMESPACE, 'web-1'), runningAgentPod('web-1'));
  const following = followAgentLogs(kube, {
    name: 'deploy/web',
    tailLines: 5,
    signal: end.signal,
    onLine: ({ pod: name, line }) => Promise.resolve(void lines.push(`${name}: ${line}`)),
  });
  await waitFor('the first log', () => logs.size === 1);
  logOf('web-1').stream.write('one\ntw');
  logOf('web-1').stream.write('o\n');
  kube.put(paths.pods(NAMESPACE, 'web-2'), runningAgentPod('web-2'));
  await waitFor('the second log', () => logs.size === 2);
  logOf('web-2').stream.end('three\n');
  await waitFor('the lines', () => lines.length === 3);
  assert.deepEqual(lines, ['web-1: one', 'web-1: two', 'web-2: three']);
  assert.deepEqual(logOf('web-1').query, { container: 'tp-agent', follow: true, tailLines: 5 });
  // What a new agent has said since it started is all new.
  assert.deepEqual(logOf('web-2').query, { container: 'tp-agent', follow: true });
  end.abort();
  await following;
});

test('a log that may not be read ends the following', async () => {
  kube.put(paths.pods(NAMESPACE, 'web-1'), runningAgentPod('web-1'));
  kube.streamText = () => Promise.reject(createError('KUBE_FORBIDDEN', { action: 'read logs', missing: [] }));
  const following = followAgentLogs(kube, {
    name: 'deploy/web',
    tailLines: 5,
    signal,
    onLine: () => Promise.resolve(),
  });
  await assert.rejects(following, raises('KUBE_FORBIDDEN'));
});

function runningAgentPod(name: string): V1Pod {
  const made = agentPod(name);
  const status = { name: 'tp-agent', containerID: `containerd://${name}`, state: { running: {} } };
  return { ...made, status: { ...made.status, containerStatuses: [status] } } as V1Pod;
}
