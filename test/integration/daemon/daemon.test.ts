/** The daemon's operations over a cluster in memory, whose pods are one real agent on loopback. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  AGENT_CONTAINER,
  GATEWAY,
  MANAGED_BY,
  type ConnectRequest,
  type ConnectionSelector,
  type ConnectionStatus,
  type InterceptRequest,
} from '../../../src/contract/index.ts';
import { nullLogger, systemClock } from '../../../src/core/index.ts';
import { createDaemon, type Daemon } from '../../../src/daemon/daemon.ts';
import { paths } from '../../../src/kube/index.ts';
import { raises } from '../../support/assert-raises.ts';
import { ready, startControllers } from '../../support/fake-controllers.ts';
import {
  agentPod,
  agentStatus,
  ANY_POD,
  createWorkload,
  type InterceptedWorkload,
  type WorkloadPod,
} from '../../support/intercepted-workload.ts';
import { container, deployment, NAMESPACE, port, service, servicePort } from '../../support/kube-objects.ts';
import { openClient, startServer, waitFor } from '../../support/sockets.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

interface Rig {
  daemon: Daemon;
  workload: InterceptedWorkload;
  pod: WorkloadPod;
  connect(
    request?: Partial<ConnectRequest>,
    signal?: AbortSignal,
  ): ReturnType<Daemon['operations']['connect']>;
  intercept(
    request?: Partial<InterceptRequest>,
    signal?: AbortSignal,
  ): ReturnType<Daemon['operations']['intercept']>;
  connections(): Promise<ConnectionStatus[]>;
}

const { signal: never } = new AbortController();
const caller: ConnectionSelector = { environment: {}, workingDirectory: '/' };

async function startNamed(t: TestContext, name: string): Promise<number> {
  const server = await startServer((socket) => socket.end(`${name}\n`));
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

async function createRig(t: TestContext): Promise<Rig> {
  const workload = await createWorkload(t);
  const { kube } = workload;
  const appPort = await startNamed(t, 'app');
  const localPort = await startNamed(t, 'laptop');
  const pod = await workload.startPod(ANY_POD, { appPort });
  const controllers = startControllers(kube);
  controllers.startPod = ({ spec }) =>
    spec?.containers.some(({ name }) => name === AGENT_CONTAINER) === true ? agentStatus() : ready;
  kube.put(
    paths.deployments(NAMESPACE, 'web'),
    deployment('web', { containers: [container('web', [port(appPort)])] }),
  );
  kube.put(paths.services(NAMESPACE, 'web'), service('web', [servicePort(80, appPort)]));
  // Lends its tunnel, and belongs to nobody.
  const other = agentPod('other');
  kube.put(paths.pods(NAMESPACE, 'other'), { ...other, metadata: { ...other.metadata, labels: {} } });

  const folder = await createTemporaryFolder(t);
  const daemon = createDaemon({
    paths: {
      directory: folder,
      socket: '',
      logFile: '',
      recoveryDirectory: `${folder}/recovery`,
      clientKeyFile: `${folder}/client.key`,
    },
    version: 'test',
    createClient: ({ context = 'fake' }) => Promise.resolve({ ...kube, context }),
    clock: systemClock,
    logger: nullLogger,
  });
  t.after(async () => {
    daemon.stop();
    await daemon.stopped;
  });
  const { operations } = daemon;
  const common = { connection: caller, forwards: [], timeoutSeconds: 10, hold: false };
  return {
    daemon,
    workload,
    pod,
    connect: (request, signal = never) =>
      operations.connect({ ...common, ...request }, { ...context, signal }),
    intercept: (request, signal = never) =>
      operations.intercept(
        {
          ...common,
          name: 'web',
          ports: [{ localPort }],
          localAddress: '127.0.0.1',
          attach: 'sidecar',
          redirect: 'auto',
          confirmed: false,
          ...request,
        },
        { ...context, signal },
      ),
    async connections() {
      return (await operations.status({}, context)).result.connections;
    },
  };
}

const context = {
  signal: never,
  onProgress: (): void => undefined,
  onEvent: (): Promise<void> => Promise.resolve(),
};

test('operations on a connection need one, and to know which', async (t) => {
  const { daemon, connect } = await createRig(t);
  const leave = (connection: ConnectionSelector): Promise<unknown> =>
    daemon.operations.leave({ connection, name: 'web' }, context);
  await assert.rejects(leave(caller), raises('NOT_CONNECTED', /Not connected/));
  await connect({ connection: { ...caller, context: 'one' } });
  await assert.rejects(leave(caller), raises('INTERCEPT_NOT_FOUND', /web/));
  await connect({ connection: { ...caller, context: 'two' } });
  await assert.rejects(leave(caller), raises('USAGE_CONNECTION_AMBIGUOUS', /one\/shop, two\/shop/));
  await assert.rejects(leave({ ...caller, context: 'two' }), raises('INTERCEPT_NOT_FOUND', /web/));
});

test('requests at the same time share one connection, one tunnel and one proxy', async (t) => {
  const { connect, connections, pod } = await createRig(t);
  const answers = await Promise.all([connect(), connect(), connect()]);
  const ports = answers.map(({ result }) => result.proxy.port);
  assert.equal(new Set(ports).size, 1);
  assert.equal((await connections()).length, 1);
  assert.equal(pod.sessionCount(), 1);
});

test('a held connection ends with its caller, unless somebody else asked for it to last', async (t) => {
  const { connect, connections, pod } = await createRig(t);
  const first = new AbortController();
  const { held } = await connect({ hold: true }, first.signal);
  assert.equal((await connections())[0]?.state, 'connected');
  first.abort();
  await held;
  assert.deepEqual(await connections(), []);
  await waitFor('the tunnel to end', () => pod.sessionCount() === 0);

  const second = new AbortController();
  const again = await connect({ hold: true }, second.signal);
  await connect();
  second.abort();
  await again.held;
  assert.equal((await connections()).length, 1);
});

test('the proxy has the same port after a restart', async (t) => {
  const { daemon, connect } = await createRig(t);
  const before = await connect();
  await daemon.operations.quit({ connection: caller }, context);
  const after = await connect();
  assert.equal(after.result.proxy.port, before.result.proxy.port);
});

test('forwards that fail leave the ones from before alone', async (t) => {
  const { connect, connections } = await createRig(t);
  const taken = await startNamed(t, 'somebody');
  const forward = { address: '127.0.0.1', host: 'db', port: 5432, localPort: 0 };
  await connect({ forwards: [forward] });
  const failing = [
    { ...forward, port: 6379 },
    { ...forward, localPort: taken },
  ];
  await assert.rejects(
    connect({ forwards: failing }),
    raises('LOCAL_PORT_IN_USE', new RegExp(String(taken))),
  );
  const [status] = await connections();
  assert.deepEqual(
    status?.forwards.map(({ port: target }) => target),
    [5432],
  );
});

test('a held intercept ends with its caller, and with it the connection', async (t) => {
  const { intercept, connections, pod } = await createRig(t);
  const controller = new AbortController();
  const { result, held } = await intercept({ hold: true }, controller.signal);
  assert.equal(result.workload, 'deploy/web');
  assert.equal(result.environment['COLOR'], 'red');
  assert.equal(await ask(pod.callerPort), 'laptop');
  controller.abort();
  await held;
  assert.equal(await ask(pod.callerPort), 'app');
  assert.deepEqual(await connections(), []);
});

test('a held intercept ends when it is left elsewhere', async (t) => {
  const { daemon, intercept, connections, pod } = await createRig(t);
  const { held } = await intercept({ hold: true });
  await assert.rejects(intercept(), raises('INTERCEPT_EXISTS', /web/));
  const { result } = await daemon.operations.leave({ connection: caller, name: 'web' }, context);
  assert.deepEqual(result, { name: 'web', openConnections: 0 });
  await held;
  assert.equal(await ask(pod.callerPort), 'app');
  assert.deepEqual(await connections(), []);
});

test('list tells who intercepts', async (t) => {
  const { daemon, workload, intercept } = await createRig(t);
  await intercept();
  workload.kube.drop(paths.pods(NAMESPACE, 'other'));
  const { result } = await daemon.operations.list({ connection: caller }, context);
  const [web] = result;
  assert.equal(web?.agent, 'ready');
  assert.match(web.interceptedBy[0]?.holder ?? '', /@/);
});

test('explain asks the agent who would get a request', async (t) => {
  const { daemon, intercept } = await createRig(t);
  const rule = { kind: 'key', value: 'ada' } as const;
  await intercept({ rule });
  const explained = async (key: string): Promise<unknown> => {
    const request = { method: 'GET', target: '/', fields: [{ name: 'x-tp-key', value: key }] };
    const { result } = await daemon.operations.explain({ connection: caller, name: 'web', request }, context);
    assert.equal(result.workload, 'deploy/web');
    return result.ports.map(({ asked }) => asked.map(({ verdict }) => verdict));
  };
  assert.deepEqual(await explained('ada'), [['gets-it']]);
  assert.deepEqual(await explained('bob'), [['no-match']]);
});

test('quit ends all connections, held ones too, and then the daemon', async (t) => {
  const { daemon, connect, intercept, pod } = await createRig(t);
  const { held } = await intercept({ hold: true });
  await connect({ connection: { ...caller, context: 'two' } });
  const { result } = await daemon.operations.quit({}, context);
  assert.deepEqual(result.ended.sort(), ['fake/shop', 'two/shop']);
  await daemon.stopped;
  await held;
  assert.equal(await ask(pod.callerPort), 'app');
  await waitFor('the tunnel to end', () => pod.sessionCount() === 0);
});

test('what names no cluster and no namespace means the only connection', async (t) => {
  const { daemon, connect } = await createRig(t);
  await connect({ connection: { ...caller, context: 'two' } });
  await connect({});
  const { result } = await daemon.operations.status({}, context);
  assert.deepEqual(
    result.connections.map(({ context: name }) => name),
    ['two'],
  );
});

test('the last one to leave removes the gateway', async (t) => {
  const { daemon, connect, workload, pod } = await createRig(t);
  const path = paths.pods(NAMESPACE, GATEWAY);
  workload.kube.drop(paths.pods(NAMESPACE, 'other'));
  const gateway = agentPod(GATEWAY);
  workload.kube.put(path, { ...gateway, metadata: { ...gateway.metadata, labels: MANAGED_BY } });
  const other = await pod.connect({ name: 'bob' });
  const { result } = await connect();
  assert.equal(result.via, GATEWAY);
  await daemon.operations.quit({ connection: caller }, context);
  assert.equal(workload.kube.has(path), true);

  await other.close();
  await connect();
  await waitFor('the other session to end', () => pod.sessionCount() === 1);
  await daemon.operations.quit({ connection: caller }, context);
  assert.equal(workload.kube.has(path), false);
});
