/** An intercept over real tunnels to real agents; only the cluster between them is missing. */
import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { describe, test, type TestContext } from 'node:test';
import type { Rule } from '../../../src/contract/index.ts';
import { nullLogger, systemClock, type Clock } from '../../../src/core/index.ts';
import { ActiveIntercept } from '../../../src/daemon/active-intercept.ts';
import { createAgentConnector, type AgentConnector } from '../../../src/daemon/agent-connector.ts';
import { isToolError } from '../../../src/errors/index.ts';
import { createTcpDialer, createUdpDialer } from '../../../src/net/index.ts';
import type { Tunnel } from '../../../src/tunnel/index.ts';
import { raises } from '../../support/assert-raises.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createWorkload, type InterceptedWorkload } from '../../support/intercepted-workload.ts';
import { fetchText, startNamedHttp } from '../../support/laptops.ts';
import { findClosedPort, openClient, startServer, waitFor } from '../../support/sockets.ts';

const { signal } = new AbortController();

/** A server that says its name and closes when told to. */
async function startNamed(t: TestContext, name: string): Promise<number> {
  const server = await startServer((socket) => {
    socket.write(`${name}\n`);
    socket.on('end', () => socket.end());
    socket.resume();
  });
  t.after(() => server[Symbol.asyncDispose]());
  return server.port;
}

/** Who answers behind `port`. */
async function ask(port: number): Promise<string> {
  const client = await openClient(port);
  client.stream.end();
  await client.closed;
  return client.text().trim();
}

interface Rig {
  workload: InterceptedWorkload;
  connector: AgentConnector;
  intercept: ActiveIntercept;
  failures: string[];
  appPort: number;
}

interface RigOptions {
  rule?: Rule;
  localPort?: number;
  clock?: Clock;
  workload?: InterceptedWorkload;
  appPort?: number;
}

async function createRig(t: TestContext, options: RigOptions = {}): Promise<Rig> {
  const workload = options.workload ?? (await createWorkload(t));
  const appPort = options.appPort ?? (await startNamed(t, 'app'));
  const localPort = options.localPort ?? (await startNamed(t, 'laptop'));
  const connector = createAgentConnector({ kube: workload.kube, clock: systemClock, logger: nullLogger });
  const failures: string[] = [];
  const intercept = new ActiveIntercept({
    plan: {
      name: 'web',
      workload: 'deploy/web',
      namespace: 'shop',
      pods: { labelSelector: 'app=web' },
      ports: [
        {
          protocol: 'TCP',
          localAddress: '127.0.0.1',
          localPort,
          containerPort: appPort,
          container: 'web',
          services: ['web:80'],
          redirect: 'service',
          reason: 'a test',
        },
      ],
      rule: options.rule,
    },
    kube: workload.kube,
    connector,
    dialer: createTcpDialer({ clock: systemClock }),
    datagramDialer: createUdpDialer(),
    onFailed: ({ code }) => failures.push(code),
    clock: options.clock ?? systemClock,
    logger: nullLogger,
  });
  t.after(() => intercept.end());
  return { workload, connector, intercept, failures, appPort };
}

function statesOf(intercept: ActiveIntercept): Record<string, string> {
  return Object.fromEntries(intercept.status().pods.map(({ name, state }) => [name, state]));
}

test('start() resolves when every ready pod is claimed, and leave() gives them back', async (t) => {
  const { workload, intercept, appPort } = await createRig(t);
  const pods = [await workload.startPod('web-1', { appPort }), await workload.startPod('web-2', { appPort })];
  workload.show('web-1');
  workload.show('web-2');
  workload.show('web-3', false);
  await intercept.start({ signal });

  assert.deepEqual(statesOf(intercept), { 'web-1': 'intercepted', 'web-2': 'intercepted' });
  for (const { callerPort } of pods) assert.equal(await ask(callerPort), 'laptop');
  assert.deepEqual(await intercept.environment('web'), { COLOR: 'red' });
  await waitFor('the connections to be over', () => intercept.status().connections.open === 0);
  assert.deepEqual(intercept.status().connections, { open: 0, total: 2, fallbacks: 0 });

  assert.equal(await intercept.leave(), 0);
  assert.equal(intercept.over.aborted, true);
  for (const { callerPort } of pods) assert.equal(await ask(callerPort), 'app');
});

test('a pod that becomes ready later is claimed, and one that goes is let go', async (t) => {
  const { workload, intercept, appPort } = await createRig(t);
  const first = await workload.startPod('web-1', { appPort });
  const second = await workload.startPod('web-2', { appPort });
  workload.show('web-1');
  workload.show('web-2', false);
  await intercept.start({ signal });
  assert.deepEqual(statesOf(intercept), { 'web-1': 'intercepted' });
  assert.equal(await ask(second.callerPort), 'app');

  workload.show('web-2');
  await waitFor('the second pod', () => statesOf(intercept)['web-2'] === 'intercepted');
  assert.equal(await ask(second.callerPort), 'laptop');

  workload.remove('web-1');
  assert.deepEqual(statesOf(intercept), { 'web-2': 'intercepted' });
  await waitFor('the first pod to be let go', async () => (await ask(first.callerPort)) === 'app');
});

test('a port that somebody else holds in one pod leaves no claim in the others', async (t) => {
  const { workload, intercept, failures, appPort } = await createRig(t);
  const free = await workload.startPod('web-1', { appPort });
  const held = await workload.startPod('web-2', { appPort });
  const other = await held.connect({ name: 'bob' });
  await other.request({ kind: 'claim', interceptId: 'theirs', ports: [{ protocol: 'TCP', appPort }] });
  workload.show('web-1');
  workload.show('web-2');

  await assert.rejects(intercept.start({ signal }), (error: unknown) => {
    assert.ok(isToolError(error, 'INTERCEPT_HELD'));
    assert.equal(error.details['holder'], 'bob');
    return true;
  });
  assert.deepEqual(failures, ['INTERCEPT_HELD']);
  const asking = await free.connect({ name: 'carol' });
  assert.deepEqual((await asking.request({ kind: 'claims' })).claims, []);
});

test('a pod that comes held is shown with its holder, and taken when that one leaves', async (t) => {
  const { workload, intercept, failures, appPort } = await createRig(t);
  await workload.startPod('web-1', { appPort });
  const late = await workload.startPod('web-2', { appPort });
  workload.show('web-1');
  await intercept.start({ signal });
  const other = await late.connect({ name: 'bob' });
  await other.request({ kind: 'claim', interceptId: 'theirs', ports: [{ protocol: 'TCP', appPort }] });
  workload.show('web-2');
  await waitFor('the refusal', () => failures.length > 0);
  assert.deepEqual(intercept.status().pods[1], { name: 'web-2', state: 'held', holder: 'bob' });

  await other.request({ kind: 'release', interceptId: 'theirs' });
  await waitFor('the claim', () => statesOf(intercept)['web-2'] === 'intercepted');
  assert.equal(await ask(late.callerPort), 'laptop');
});

test('a stale claim of the same person is waited for', async (t) => {
  const clock = createFakeClock();
  const { workload, connector, intercept, appPort } = await createRig(t, { clock });
  const pod = await workload.startPod('web-1', { appPort });
  const stale = await pod.connect({ name: connector.client.name });
  assert.match(connector.client.name, new RegExp(`^${userInfo().username}@`));
  await stale.request({ kind: 'claim', interceptId: 'old', ports: [{ protocol: 'TCP', appPort }] });
  workload.show('web-1');
  const started = intercept.start({ signal });
  await waitFor('the first refusal', () => clock.pendingTimers > 0);
  assert.deepEqual(statesOf(intercept), { 'web-1': 'connecting' });

  await stale.request({ kind: 'release', interceptId: 'old' });
  await clock.advance(500);
  await started;
  assert.deepEqual(statesOf(intercept), { 'web-1': 'intercepted' });
});

test('a stale claim of the same person that stays is an error after 20 s', async (t) => {
  const clock = createFakeClock();
  const { workload, connector, intercept, appPort } = await createRig(t, { clock });
  const pod = await workload.startPod('web-1', { appPort });
  const stale = await pod.connect({ name: connector.client.name });
  await stale.request({ kind: 'claim', interceptId: 'old', ports: [{ protocol: 'TCP', appPort }] });
  workload.show('web-1');
  const started = assert.rejects(intercept.start({ signal }), /intercepted already/);
  await waitFor('the first refusal', () => clock.pendingTimers > 0);
  await clock.advance(19_000);
  assert.deepEqual(statesOf(intercept), { 'web-1': 'connecting' });
  await waitFor('the second refusal', () => clock.pendingTimers > 0);
  await clock.advance(1500);
  await started;
});

test('without a local process the application answers, which is counted, and warned of for 60 s', async (t) => {
  const clock = createFakeClock();
  const localPort = await findClosedPort();
  const { workload, intercept, appPort } = await createRig(t, { clock, localPort });
  const { callerPort } = await workload.startPod('web-1', { appPort });
  workload.show('web-1');
  await intercept.start({ signal });
  assert.equal(await ask(callerPort), 'app');
  await waitFor('the fallback', () => intercept.status().connections.fallbacks === 1);
  assert.deepEqual(intercept.status().connections, { open: 0, total: 0, fallbacks: 1 });
  const [warning] = intercept.warnings;
  assert.equal(warning?.code, 'LOCAL_PROCESS_UNREACHABLE');
  assert.match(warning.message, new RegExp(`127.0.0.1:${localPort}`));

  await clock.advance(60_000);
  assert.equal(intercept.warnings.length, 1);
  await clock.advance(1);
  assert.deepEqual(intercept.warnings, []);
});

test('leave() reports open connections, which go on; the tunnels end with the last of them', async (t) => {
  const clock = createFakeClock();
  const { workload, intercept, appPort } = await createRig(t, { clock });
  const pod = await workload.startPod('web-1', { appPort });
  const late = await workload.startPod('web-2', { appPort });
  workload.show('web-1');
  await intercept.start({ signal });
  const client = await openClient(pod.callerPort);
  await waitFor('the greeting', () => client.text() === 'laptop\n');

  assert.equal(await intercept.leave(), 1);
  assert.equal(await ask(pod.callerPort), 'app');
  workload.show('web-2');
  assert.equal(await ask(late.callerPort), 'app');
  assert.deepEqual(statesOf(intercept), { 'web-1': 'intercepted' });

  client.stream.end();
  await client.closed;
  assert.deepEqual(client.events, ['end', 'close']);
  const observer = await pod.connect({ name: 'carol' });
  await waitFor('the tunnel to end', async () => {
    await clock.advance(250);
    return (await observer.request({ kind: 'claims' })).sessions === 1;
  });
});

test('connections that outlast the draining are cut after 30 s', async (t) => {
  const clock = createFakeClock();
  const { workload, intercept, appPort } = await createRig(t, { clock });
  const pod = await workload.startPod('web-1', { appPort });
  workload.show('web-1');
  await intercept.start({ signal });
  const client = await openClient(pod.callerPort);
  await waitFor('the greeting', () => client.text() === 'laptop\n');
  await intercept.leave();

  for (let round = 0; round < 119; round += 1) {
    await waitFor('the next look', () => clock.pendingTimers > 0);
    await clock.advance(250);
  }
  assert.equal(client.stream.closed, false);
  await waitFor('the next look', () => clock.pendingTimers > 0);
  await clock.advance(250);
  await client.closed;
});

test('end() cuts open connections, and start() ends with its signal', async (t) => {
  const { workload, intercept, appPort } = await createRig(t);
  const pod = await workload.startPod('web-1', { appPort });
  workload.show('web-1');
  await intercept.start({ signal });
  const client = await openClient(pod.callerPort);
  await waitFor('the greeting', () => client.text() === 'laptop\n');
  await intercept.end();
  await client.closed;
  assert.equal(await ask(pod.callerPort), 'app');

  const second = await createRig(t, { workload, appPort });
  workload.show('web-without-agent');
  const caller = new AbortController();
  const started = assert.rejects(second.intercept.start({ signal: caller.signal }), /gone/);
  caller.abort(new Error('gone'));
  await started;
  assert.equal(second.intercept.tunnel, undefined);
});

describe('personal intercepts', () => {
  const keyRule = (value: string): Rule => ({ kind: 'key', value });

  test('two of them share the pods, and leaving one leaves the other', async (t) => {
    const appPort = await startNamedHttp(t, 'app');
    const alice = await createRig(t, {
      appPort,
      localPort: await startNamedHttp(t, 'alice'),
      rule: keyRule('alice'),
    });
    const { workload } = alice;
    const bob = await createRig(t, {
      workload,
      appPort,
      localPort: await startNamedHttp(t, 'bob'),
      rule: keyRule('bob'),
    });
    const pods = [
      await workload.startPod('web-1', { appPort }),
      await workload.startPod('web-2', { appPort }),
    ];
    workload.show('web-1');
    workload.show('web-2');
    await Promise.all([alice.intercept.start({ signal }), bob.intercept.start({ signal })]);
    const whoAnswers = (key: string): Promise<string[]> =>
      Promise.all(pods.map(({ callerPort }) => fetchText(callerPort, '/', { headers: { 'x-tp-key': key } })));
    assert.deepEqual(await whoAnswers('alice'), ['alice /', 'alice /']);
    assert.deepEqual(await whoAnswers('bob'), ['bob /', 'bob /']);
    assert.deepEqual(await whoAnswers('carol'), ['app /', 'app /']);
    assert.deepEqual(alice.intercept.status().rule, keyRule('alice'));
    await alice.intercept.leave();
    assert.deepEqual(await whoAnswers('alice'), ['app /', 'app /']);
    assert.deepEqual(await whoAnswers('bob'), ['bob /', 'bob /']);
  });

  test('the same rule again is refused with the name of its holder', async (t) => {
    const { workload, intercept, failures, appPort } = await createRig(t, { rule: keyRule('dev') });
    const pod = await workload.startPod('web-1', { appPort });
    const other = await pod.connect({ name: 'bob' });
    const ports = [{ protocol: 'TCP', appPort } as const];
    await other.request({ kind: 'claim', interceptId: 'theirs', ports, rule: keyRule('dev') });
    workload.show('web-1');
    await assert.rejects(intercept.start({ signal }), raises('INTERCEPT_HELD', /bob \(key dev\)/));
    assert.deepEqual(failures, ['INTERCEPT_HELD']);
  });

  test('an agent that would not see the rule is not asked', async (t) => {
    const { workload, intercept, connector, failures, appPort } = await createRig(t, {
      rule: keyRule('dev'),
    });
    const { connect } = connector;
    connector.connect = async (...options): Promise<Tunnel> => {
      const tunnel = await connect(...options);
      return { ...tunnel, agent: { ...tunnel.agent, features: undefined } };
    };
    const pod = await workload.startPod('web-1', { appPort });
    workload.show('web-1');
    await assert.rejects(intercept.start({ signal }), raises('AGENT_OUTDATED', /web-1/));
    assert.deepEqual(failures, ['AGENT_OUTDATED']);
    const asking = await pod.connect({ name: 'carol' });
    assert.deepEqual((await asking.request({ kind: 'claims' })).claims, []);
  });

  test('an expression that the agent cannot run is refused', async (t) => {
    const rule: Rule = { kind: 'path', value: { kind: 'regex', text: '(?=a)' } };
    const { workload, intercept, appPort } = await createRig(t, { rule });
    await workload.startPod('web-1', { appPort });
    workload.show('web-1');
    await assert.rejects(intercept.start({ signal }), raises('RULE_INVALID'));
  });
});
