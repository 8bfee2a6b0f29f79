/** `tp clean` over a cluster in memory, whose agents are real ones on loopback. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  AGENT_CONTAINER,
  AGENT_SECRET,
  AUTHORITY_SECRET,
  type CleanRequest,
  type CleanResult,
} from '../../../src/contract/index.ts';
import { nullLogger, systemClock } from '../../../src/core/index.ts';
import { createAgentConnector, type AgentConnector } from '../../../src/daemon/agent-connector.ts';
import { UNKNOWN_USER } from '../../../src/daemon/agent-use.ts';
import { cleanCluster, type CleanOptions } from '../../../src/daemon/clean.ts';
import { createError } from '../../../src/errors/index.ts';
import { ensureCertificates } from '../../../src/intercepts/index.ts';
import { toWorkload } from '../../../src/intercepts/workload.ts';
import { paths, type KubeClient, type V1Deployment, type V1Pod } from '../../../src/kube/index.ts';
import { ready, startControllers } from '../../support/fake-controllers.ts';
import { injectInto } from '../../support/fake-workload.ts';
import {
  agentStatus,
  ANY_POD,
  createWorkload,
  type InterceptedWorkload,
} from '../../support/intercepted-workload.ts';
import { deployment, NAMESPACE } from '../../support/kube-objects.ts';
import { startServer } from '../../support/sockets.ts';

interface Rig {
  workload: InterceptedWorkload;
  appPort: number;
  /** Of somebody else. */
  connector: AgentConnector;
  clean(request?: Partial<CleanRequest>, options?: Partial<CleanOptions>): Promise<CleanResult>;
}

const anyPod = ({ kube }: InterceptedWorkload): string =>
  kube.all<V1Pod>(paths.pods(NAMESPACE))[0]?.metadata?.name ?? '';

const isInjected = (kube: InterceptedWorkload['kube']): boolean =>
  kube
    .read<V1Deployment>(paths.deployments(NAMESPACE, 'web'))
    .spec?.template.spec?.containers.some(({ name }) => name === AGENT_CONTAINER) === true;

async function createRig(t: TestContext): Promise<Rig> {
  const app = await startServer((socket) => socket.end('app'));
  t.after(() => app[Symbol.asyncDispose]());
  const workload = await createWorkload(t);
  const { kube } = workload;
  await workload.startPod(ANY_POD, { appPort: app.port });
  startControllers(kube).startPod = ({ spec }) =>
    spec?.containers.some(({ name }) => name === AGENT_CONTAINER) === true ? agentStatus() : ready;
  kube.put(paths.deployments(NAMESPACE, 'web'), deployment('web'));
  injectInto(
    kube,
    toWorkload('Deployment', NAMESPACE, kube.read<V1Deployment>(paths.deployments(NAMESPACE, 'web'))),
  );
  await ensureCertificates(kube, NAMESPACE, { clock: systemClock, signal: t.signal });
  const shared = { clock: systemClock, logger: nullLogger };
  return {
    workload,
    appPort: app.port,
    connector: createAgentConnector({ kube, ...shared }),
    clean: (request, options) =>
      cleanCluster(
        {
          connection: { environment: {}, workingDirectory: '/' },
          allNamespaces: false,
          remove: false,
          force: false,
          timeoutSeconds: 30,
          ...request,
        },
        {
          openClient: () => Promise.resolve(kube),
          endOwnConnection: () => Promise.resolve(),
          recovery: { save: () => Promise.resolve(), remove: () => Promise.resolve() },
          ...shared,
          signal: t.signal,
          onProgress: () => undefined,
          ...options,
        },
      ),
  };
}

test('looking changes nothing and names who uses what', async (t) => {
  const { workload, connector, clean, appPort } = await createRig(t);
  workload.kube.writes.length = 0;
  const use = async (): Promise<string[] | undefined> =>
    (await clean()).namespaces[0]?.left.find(({ object }) => object === 'deploy/web')?.usedBy;
  assert.deepEqual(await use(), []);
  const tunnel = await connector.connect(anyPod(workload), { signal: t.signal });
  assert.deepEqual(await use(), ['somebody connected']);
  await tunnel.request({ kind: 'claim', interceptId: 'x', ports: [{ protocol: 'TCP', appPort }] });
  assert.deepEqual(await use(), [connector.client.name]);
  await tunnel.close();
  assert.deepEqual(workload.kube.writes, []);
});

test('what somebody uses stays, unless it is forced; the certificates stay with it', async (t) => {
  const { workload, connector, clean } = await createRig(t);
  const { kube } = workload;
  const tunnel = await connector.connect(anyPod(workload), { signal: t.signal });
  const [kept] = (await clean({ remove: true })).namespaces;
  assert.deepEqual(kept?.removed, []);
  assert.deepEqual(kept.left.map(({ object }) => object).sort(), [
    'deploy/web',
    'secret/tp-agent-tls',
    'secret/tp-ca',
  ]);
  assert.ok(isInjected(kube));
  // It still answers.
  assert.deepEqual((await tunnel.request({ kind: 'claims' })).claims, []);

  const [forced] = (await clean({ remove: true, force: true })).namespaces;
  assert.deepEqual(forced?.removed, ['deploy/web', 'secret/tp-agent-tls', 'secret/tp-ca']);
  assert.ok(!isInjected(kube));
  await tunnel.close();
});

test('what nobody uses goes, and a second time there is nothing', async (t) => {
  const { workload, clean } = await createRig(t);
  const ended: KubeClient[] = [];
  const endOwnConnection = (kube: KubeClient): Promise<void> => {
    ended.push(kube);
    return Promise.resolve();
  };
  const [cleaned] = (await clean({ remove: true }, { endOwnConnection })).namespaces;
  assert.deepEqual(cleaned?.removed, ['deploy/web', 'secret/tp-agent-tls', 'secret/tp-ca']);
  assert.deepEqual(ended, [workload.kube]);
  assert.ok(!isInjected(workload.kube));
  assert.deepEqual(await clean({ remove: true }), { namespaces: [] });
});

test('an agent that cannot be asked counts as used; nobody makes an authority for asking', async (t) => {
  const { workload, clean } = await createRig(t);
  for (const name of [AGENT_SECRET, AUTHORITY_SECRET]) workload.kube.drop(paths.secrets(NAMESPACE, name));
  const [found] = (await clean()).namespaces;
  assert.deepEqual(found?.left, [{ object: 'deploy/web', usedBy: [UNKNOWN_USER] }]);
  assert.ok(!workload.kube.has(paths.secrets(NAMESPACE, AUTHORITY_SECRET)));
});

test('a namespace that fails is told, and the others are cleaned', async (t) => {
  const { workload, clean } = await createRig(t);
  const { kube } = workload;
  for (const name of [NAMESPACE, 'secret-garden']) kube.put(paths.namespaces(name), { metadata: { name } });
  const forbidden = (): Promise<never> =>
    Promise.reject(createError('KUBE_FORBIDDEN', { action: 'list pods', missing: [] }));
  const closed: KubeClient = { ...kube, namespace: 'secret-garden', list: forbidden };
  const { namespaces } = await clean(
    { allNamespaces: true, remove: true },
    { openClient: (namespace) => Promise.resolve(namespace === 'secret-garden' ? closed : kube) },
  );
  assert.deepEqual(
    namespaces.map(({ namespace, removed, error }) => [namespace, removed.length, error?.code]).sort(),
    [
      ['secret-garden', 0, 'KUBE_FORBIDDEN'],
      [NAMESPACE, 3, undefined],
    ],
  );
});
