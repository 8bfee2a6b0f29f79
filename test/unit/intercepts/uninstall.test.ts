import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import {
  AGENT_CONTAINER,
  AGENT_SECRET,
  AUTHORITY_SECRET,
  GATEWAY,
  MANAGED_BY,
  type UninstallResult,
} from '../../../src/contract/index.ts';
import { nullLogger } from '../../../src/core/index.ts';
import { createError } from '../../../src/errors/index.ts';
import { uninstall, type UninstallOptions } from '../../../src/intercepts/uninstall.ts';
import { toWorkload, type Workload } from '../../../src/intercepts/workload.ts';
import { paths, type V1Deployment, type V1Pod, type V1Service } from '../../../src/kube/index.ts';
import { raises } from '../../support/assert-raises.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { ready, startControllers, type Controllers } from '../../support/fake-controllers.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';
import { injectInto, switchToAgent } from '../../support/fake-workload.ts';
import {
  container,
  deployment,
  NAMESPACE,
  pod,
  port,
  service,
  servicePort,
} from '../../support/kube-objects.ts';
import { settled } from '../../support/settle.ts';

const webPath = paths.deployments(NAMESPACE, 'web');
const servicePath = paths.services(NAMESPACE, 'web');

describe('uninstall()', () => {
  let kube: FakeKube;
  let controllers: Controllers;
  let clock: FakeClock;
  let original: unknown[];

  const specs = (): unknown[] => [
    kube.read<V1Deployment>(webPath).spec,
    kube.read<V1Deployment>(paths.deployments(NAMESPACE, 'orders')).spec,
    kube.read<V1Service>(servicePath).spec,
  ];
  const workload = (name: string): Workload =>
    toWorkload('Deployment', NAMESPACE, kube.read<V1Deployment>(paths.deployments(NAMESPACE, name)));

  beforeEach(() => {
    kube = createFakeKube();
    controllers = startControllers(kube);
    clock = createFakeClock();
    kube.put(webPath, deployment('web', { replicas: 2 }));
    kube.put(paths.deployments(NAMESPACE, 'orders'), deployment('orders'));
    kube.put(servicePath, service('web', [servicePort(80, 8080)]));
    original = specs();
    injectInto(kube, workload('web'));
    injectInto(kube, workload('orders'));
    switchToAgent(kube, 'web', 'deploy/web');
    kube.writes.length = 0;
  });

  function run(name?: string, more: Partial<UninstallOptions> = {}): Promise<UninstallResult> {
    const options: UninstallOptions = {
      namespace: NAMESPACE,
      name,
      timeoutMs: 60_000,
      confirmed: false,
      recovery: { save: () => Promise.resolve(), remove: () => Promise.resolve() },
      clock,
      logger: nullLogger,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      ...more,
    };
    return settled(clock, uninstall(kube, options));
  }

  const agents = (): number =>
    kube
      .all<V1Pod>(paths.pods(NAMESPACE))
      .filter(({ spec }) => spec?.containers.some(({ name }) => name === AGENT_CONTAINER)).length;

  test('everything is as it was, Services first', async () => {
    assert.deepEqual((await run()).removed.sort(), ['deploy/orders', 'deploy/web', 'svc/web']);
    assert.deepEqual(specs(), original);
    assert.equal(agents(), 0);
    const [first] = kube.writes;
    assert.equal(first, `PATCH ${servicePath}`);
  });

  test('a name takes away what belongs to it, and nothing else', async () => {
    assert.deepEqual((await run('web')).removed, ['svc/web', 'deploy/web']);
    assert.equal(agents(), 1);
    assert.deepEqual((await run('deploy/orders')).removed, ['deploy/orders']);
    assert.deepEqual(specs(), original);
  });

  test('a second time there is nothing to do', async () => {
    await run();
    kube.writes.length = 0;
    assert.deepEqual((await run()).removed, []);
    assert.deepEqual(kube.writes, []);
  });

  test('what others changed meanwhile stays', async () => {
    const changed = kube.read<V1Deployment>(webPath);
    if (changed.spec) changed.spec.replicas = 3;
    kube.put(webPath, changed);
    const switched = kube.read<V1Service>(servicePath);
    if (switched.spec?.ports?.[0]) switched.spec.ports[0].targetPort = 9999;
    kube.put(servicePath, switched);
    await run();
    assert.equal(kube.read<V1Deployment>(webPath).spec?.replicas, 3);
    assert.equal(kube.read<V1Service>(servicePath).spec?.ports?.[0]?.targetPort, 9999);
    assert.equal(kube.read<V1Service>(servicePath).metadata?.annotations, undefined);
  });

  test('after a crash between Service and template the rest is found', async () => {
    kube.put(servicePath, service('web', [servicePort(80, 8080)]));
    assert.deepEqual((await run('web')).removed, ['deploy/web']);
    assert.deepEqual(kube.read<V1Deployment>(webPath).spec, original[0]);
  });

  test('a Service whose workload is gone is switched back', async () => {
    kube.drop(webPath);
    assert.deepEqual((await run('svc/web')).removed, ['svc/web']);
    assert.deepEqual(kube.read<V1Service>(servicePath).spec, original[2]);
  });

  test('pods that kept the agent of an earlier template are replaced', async () => {
    const { spec, metadata } = deployment('relic', { replicas: 2 });
    const path = paths.replicaSets(NAMESPACE, 'relic');
    kube.put(path, { kind: 'ReplicaSet', metadata, spec });
    const relic = toWorkload('ReplicaSet', NAMESPACE, { metadata: metadata ?? {} });
    injectInto(kube, relic);
    for (const name of ['relic-0', 'relic-1']) kube.drop(paths.pods(NAMESPACE, name));
    assert.equal(agents(), 5);
    // A crash came between the patch of the template and the first eviction.
    kube.put(path, { kind: 'ReplicaSet', metadata, spec });
    assert.deepEqual((await run('rs/relic')).removed, []);
    assert.equal(agents(), 3);
  });

  test('a broken pod of a StatefulSet is cleared away', async () => {
    const { spec, metadata } = deployment('cart');
    const path = paths.statefulSets(NAMESPACE, 'cart');
    controllers.startPod = (created) =>
      created.spec?.containers.some(({ name }) => name === AGENT_CONTAINER) === true
        ? { phase: 'Pending' }
        : ready;
    kube.put(path, { kind: 'StatefulSet', metadata, spec: { ...spec, serviceName: 'cart' } });
    injectInto(kube, toWorkload('StatefulSet', NAMESPACE, { metadata: metadata ?? {} }));
    assert.equal(agents(), 4);
    await run('sts/cart');
    assert.equal(agents(), 3);
  });

  test('a paused Deployment gets its template back; its pods wait for its owner', async () => {
    const paused = kube.read<V1Deployment>(webPath);
    controllers.isPaused = true;
    kube.put(webPath, { ...paused, spec: { ...paused.spec, paused: true } });
    const lines: string[] = [];
    const { removed } = await run('deploy/web', { onProgress: ({ message }) => lines.push(message) });
    assert.deepEqual(removed, ['svc/web', 'deploy/web']);
    assert.ok(lines.some((line) => line.includes('paused, its pods keep the agent')));
  });

  test('a rollout that does not end is said, and can be gone on with', async () => {
    controllers.isPaused = true;
    await assert.rejects(
      run('orders'),
      raises('UNINSTALL_INCOMPLETE', /deploy\/orders, but not yet from all its pods/),
    );
    controllers.isPaused = false;
    const work = run('orders');
    kube.put(paths.pods(NAMESPACE, 'wakes-controllers'), pod('wakes-controllers'));
    await work;
    assert.equal(agents(), 2);
  });

  test('a missing right is named before anything is changed', async () => {
    kube.lacking.add('patch services');
    await assert.rejects(run('web'), raises('KUBE_FORBIDDEN', /uninstall deploy\/web: .*patch services/));
    assert.deepEqual(kube.writes, []);
  });

  test('a bare Pod needs consent', async () => {
    const path = paths.pods(NAMESPACE, 'lone');
    kube.put(path, pod('lone', { containers: [container('app', [port(8080, 'http')])], status: ready }));
    injectInto(kube, toWorkload('Pod', NAMESPACE, kube.read<V1Pod>(path)));
    kube.writes.length = 0;
    await assert.rejects(run(), raises('USAGE_CONFIRMATION_NEEDED', /to lose its agent, pod\/lone/));
    assert.deepEqual(kube.writes, []);
    assert.ok((await run('pod/lone', { confirmed: true })).removed.includes('pod/lone'));
    assert.equal(kube.read<V1Pod>(path).spec?.containers.length, 1);
  });

  test('gateway and certificates go with everything, and with nothing less', async () => {
    const labelled = (name: string): object => ({
      metadata: { name, namespace: NAMESPACE, labels: MANAGED_BY },
    });
    const shared = [
      paths.pods(NAMESPACE, GATEWAY),
      paths.serviceAccounts(NAMESPACE, GATEWAY),
      paths.secrets(NAMESPACE, AGENT_SECRET),
      paths.secrets(NAMESPACE, AUTHORITY_SECRET),
    ];
    for (const path of shared) kube.put(path, { ...labelled(path.split('/').at(-1) ?? ''), status: ready });
    await run('web');
    assert.ok(shared.every((path) => kube.has(path)));
    const { removed } = await run();
    assert.deepEqual(removed, ['deploy/orders', 'pod/tp-gateway', 'secret/tp-agent-tls', 'secret/tp-ca']);
    assert.ok(shared.every((path) => !kube.has(path)));
  });

  test('Secrets of others, and those that may not be deleted, stay', async () => {
    const foreign = paths.secrets(NAMESPACE, AUTHORITY_SECRET);
    const protectedSecret = paths.secrets(NAMESPACE, AGENT_SECRET);
    kube.put(foreign, { metadata: { name: AUTHORITY_SECRET } });
    kube.put(protectedSecret, { metadata: { name: AGENT_SECRET, labels: MANAGED_BY } });
    kube.refuse(/^DELETE .*secrets/, () =>
      createError('KUBE_FORBIDDEN', { action: 'delete secrets', missing: [] }),
    );
    assert.deepEqual((await run()).removed.sort(), ['deploy/orders', 'deploy/web', 'svc/web']);
    assert.ok(kube.has(foreign) && kube.has(protectedSecret));
  });
});
