import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { AGENT_CONTAINER, SERVICE_ANNOTATION, type Progress } from '../../../src/contract/index.ts';
import { nullLogger } from '../../../src/core/index.ts';
import type { ErrorCode } from '../../../src/errors/index.ts';
import { ensureCertificates } from '../../../src/intercepts/certificates.ts';
import { choosePorts } from '../../../src/intercepts/choose-ports.ts';
import {
  ensureAgent,
  type EnsuredAgent,
  type EnsureAgentOptions,
} from '../../../src/intercepts/ensure-agent.ts';
import { resolveTarget } from '../../../src/intercepts/resolve-target.ts';
import {
  paths,
  type V1Deployment,
  type V1Pod,
  type V1Secret,
  type V1Service,
} from '../../../src/kube/index.ts';
import { raises } from '../../support/assert-raises.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { ready, startControllers, type Controllers } from '../../support/fake-controllers.ts';
import { createFakeKube, statusError, type FakeKube } from '../../support/fake-kube.ts';
import { settled } from '../../support/settle.ts';
import {
  container,
  deployment,
  NAMESPACE,
  pod,
  port,
  service,
  servicePort,
} from '../../support/kube-objects.ts';

const webPath = paths.deployments(NAMESPACE, 'web');
const servicePath = paths.services(NAMESPACE, 'web');
const IMAGE = 'example.org/agent:1';

describe('ensureAgent()', () => {
  let kube: FakeKube;
  let controllers: Controllers;
  let clock: FakeClock;
  let progress: Progress[];

  let secrets: V1Secret[];

  /** Keys take real time to make: once is enough. */
  before(async () => {
    const first = createFakeKube();
    await ensureCertificates(first, NAMESPACE, {
      clock: createFakeClock(),
      signal: new AbortController().signal,
    });
    secrets = first.all<V1Secret>(paths.secrets(NAMESPACE));
  });

  beforeEach(() => {
    kube = createFakeKube();
    controllers = startControllers(kube);
    clock = createFakeClock();
    progress = [];
    for (const secret of secrets) kube.put(paths.secrets(NAMESPACE, secret.metadata?.name), secret);
    kube.put(webPath, deployment('web', { replicas: 2 }));
    kube.put(servicePath, service('web', [servicePort(80, 8080)]));
  });

  /** As `tp intercept NAME --port 8080:REMOTE` does it. */
  async function intercept(
    name: string,
    remote: string,
    more: Partial<EnsureAgentOptions> = {},
  ): Promise<EnsuredAgent> {
    const { signal = new AbortController().signal } = more;
    const target = await resolveTarget(kube, { namespace: NAMESPACE, name, signal });
    return ensureAgent(kube, {
      target,
      ports: choosePorts({ target, remotes: [remote] }),
      redirect: 'auto',
      image: IMAGE,
      timeoutMs: 60_000,
      confirmed: false,
      recovery: { save: () => Promise.resolve(), remove: () => Promise.resolve() },
      clock,
      logger: nullLogger,
      signal,
      onProgress: (line) => progress.push(line),
      ...more,
    });
  }

  const settle = <T>(work: Promise<T>): Promise<T> => settled(clock, work);
  const assertFails = (work: Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> =>
    assert.rejects(settle(work), raises(code, message));

  const templateOf = (path: string): unknown => kube.read<V1Deployment>(path).spec?.template;
  const portsOf = (path: string): unknown => kube.read<V1Service>(path).spec?.ports;
  const agents = (): (string | undefined)[] =>
    kube
      .all<V1Pod>(paths.pods(NAMESPACE))
      .map(({ spec }) => spec?.containers.find(({ name }) => name === AGENT_CONTAINER)?.image);
  const failAgent =
    (reason: string, message = ''): ((created: V1Pod) => V1Pod['status']) =>
    (created) =>
      created.spec?.containers.some(({ name }) => name === AGENT_CONTAINER) === true
        ? {
            phase: 'Pending',
            containerStatuses: [
              {
                name: AGENT_CONTAINER,
                image: '',
                imageID: '',
                ready: false,
                restartCount: 0,
                state: { waiting: { reason, message } },
              },
            ],
          }
        : ready;

  test('injects, waits for every pod, and switches the Service', async () => {
    const { ports, restarted, pods } = await settle(intercept('web', '80'));
    assert.equal(restarted, true);
    assert.deepEqual(agents(), [IMAGE, IMAGE]);
    assert.deepEqual(portsOf(servicePath), [servicePort(80, 'http')]);
    assert.deepEqual(pods, { labelSelector: 'app=web' });
    assert.equal(ports[0]?.redirect, 'service');
    assert.deepEqual(ports[0].services, ['web:80']);
    assert.equal(clock.pendingTimers, 0);
  });

  test('asks for the certificates before the template changes', async () => {
    for (const secret of secrets) kube.drop(paths.secrets(NAMESPACE, secret.metadata?.name));
    const work = intercept('web', '80');
    while (!kube.writes.includes(`PATCH ${webPath}`)) await clock.advance(0);
    await settle(work);
    const secret = kube.writes.findIndex((write) => write.endsWith('/secrets'));
    const patch = kube.writes.findIndex((write) => write === `PATCH ${webPath}`);
    assert.ok(secret >= 0 && secret < patch, kube.writes.join('\n'));
  });

  test('a second time changes nothing', async () => {
    await settle(intercept('web', '80'));
    kube.writes.length = 0;
    const again = await settle(intercept('web', '80'));
    assert.equal(again.restarted, false);
    assert.deepEqual(kube.writes, []);
  });

  test('a second Service on the same port is switched without a rollout', async () => {
    await settle(intercept('web', '80'));
    kube.put(
      paths.services(NAMESPACE, 'other'),
      service('other', [servicePort(81, 8080)], { selector: { app: 'web' } }),
    );
    const more = await settle(intercept('other', '81'));
    assert.equal(more.restarted, false);
    assert.deepEqual(portsOf(paths.services(NAMESPACE, 'other')), [servicePort(81, 'http')]);
  });

  test('when somebody was faster, what they wrote is kept', async () => {
    kube.refuse(
      new RegExp(`^PATCH ${webPath}$`),
      () => {
        const other = kube.read<V1Deployment>(webPath);
        if (other.spec) other.spec.replicas = 3;
        kube.put(webPath, other);
        return statusError(409, 'Conflict');
      },
      1,
    );
    await settle(intercept('web', '80'));
    assert.equal(kube.read<V1Deployment>(webPath).spec?.replicas, 3);
    assert.deepEqual(agents(), [IMAGE, IMAGE, IMAGE]);
  });

  test('when somebody is faster each time, nothing was changed', async () => {
    const before = templateOf(webPath);
    kube.refuse(new RegExp(`^PATCH ${webPath}$`), () => statusError(409, 'Conflict'));
    await assertFails(intercept('web', '80'), 'KUBE_CONFLICT', /somebody else keeps changing it/);
    assert.deepEqual(templateOf(webPath), before);
  });

  test('a missing right is named before anything is changed', async () => {
    kube.lacking.add('patch deployments');
    kube.lacking.add('watch endpoints');
    await assertFails(
      intercept('web', '80'),
      'KUBE_FORBIDDEN',
      /intercept deploy\/web: .*patch deployments\.apps.*watch endpoints/,
    );
    assert.deepEqual(kube.writes, []);
  });

  test('a pod that the cluster would refuse is refused before anything is changed', async () => {
    kube.refuse(/^POST\(dry\)/, () =>
      statusError(403, 'Forbidden', 'pods "web-" is forbidden: exceeded quota: small'),
    );
    const before = templateOf(webPath);
    await assertFails(
      intercept('web', '80'),
      'POD_REFUSED',
      /pods of deploy\/web with an agent: .*exceeded quota: small/,
    );
    assert.deepEqual(templateOf(webPath), before);
  });

  for (const reason of ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'])
    test(`${reason} of the agent is told at once and undone`, async () => {
      const before = templateOf(webPath);
      controllers.startPod = failAgent(reason, 'no such image');
      await assertFails(
        intercept('web', '80'),
        'IMAGE_NOT_PULLABLE',
        /"example.org\/agent:1" for deploy\/web: .*no such image\); the change was undone/,
      );
      assert.deepEqual(templateOf(webPath), before);
      assert.deepEqual(agents(), [undefined, undefined]);
      assert.deepEqual(portsOf(servicePath), [servicePort(80, 8080)]);
    });

  test('a crashing agent is told and undone', async () => {
    controllers.startPod = failAgent('CrashLoopBackOff', 'back-off');
    await assertFails(
      intercept('web', '80'),
      'ROLLOUT_FAILED',
      /container tp-agent: CrashLoopBackOff.*the change was undone/,
    );
    assert.deepEqual(agents(), [undefined, undefined]);
  });

  test('a rollout that takes too long is undone, and says for what it waited', async () => {
    const before = templateOf(webPath);
    controllers.startPod = failAgent('ContainerCreating');
    await assertFails(
      intercept('web', '80', { timeoutMs: 30_000 }),
      'ROLLOUT_TIMEOUT',
      /longer than 30 s: 0 of 2 pods have the agent; .*ContainerCreating.*; the change was undone/,
    );
    assert.deepEqual(templateOf(webPath), before);
    assert.ok(
      progress.some(({ message }) => message.includes('(25 s)')),
      'says how long it has waited',
    );
  });

  test('an abort undoes what was changed', async () => {
    const before = templateOf(webPath);
    controllers.startPod = failAgent('ContainerCreating');
    const ended = new AbortController();
    const work = intercept('web', '80', { signal: ended.signal });
    work.catch(() => undefined);
    await clock.advance(3000);
    assert.notDeepEqual(templateOf(webPath), before);
    ended.abort(new Error('the user left'));
    await assert.rejects(settle(work), /the user left/);
    assert.deepEqual(templateOf(webPath), before);
    assert.equal(clock.pendingTimers, 0);
  });

  test('a Service that cannot be switched undoes all of it', async () => {
    const before = templateOf(webPath);
    kube.put(
      paths.services(NAMESPACE, 'other'),
      service('other', [servicePort(81, 8080)], { selector: { app: 'web' } }),
    );
    kube.refuse(new RegExp(`^PATCH ${paths.services(NAMESPACE, 'other')}$`), () =>
      statusError(403, 'Forbidden', 'policy'),
    );
    await assertFails(intercept('deploy/web', '8080'), 'KUBE_REQUEST_FAILED', /policy/);
    assert.deepEqual(templateOf(webPath), before);
    assert.deepEqual(portsOf(servicePath), [servicePort(80, 8080)]);
    assert.equal(kube.read<V1Service>(servicePath).metadata?.annotations?.[SERVICE_ANNOTATION], undefined);
  });

  test('what another person injected is left alone when ours fails', async () => {
    await settle(intercept('web', '80'));
    const first = templateOf(webPath);
    controllers.startPod = failAgent('CrashLoopBackOff');
    kube.put(
      paths.services(NAMESPACE, 'tls'),
      service('tls', [servicePort(443, 8443)], { selector: { app: 'web' } }),
    );
    await assertFails(intercept('tls', '443'), 'ROLLOUT_FAILED', /undone/);
    assert.deepEqual(templateOf(webPath), first);
  });

  test('a broken agent is replaced when another image is asked for', async () => {
    controllers.startPod = failAgent('ContainerCreating');
    const ended = new AbortController();
    const work = intercept('web', '80', { image: 'wrong:1', signal: ended.signal });
    work.catch(() => undefined);
    await clock.advance(2000);
    // The process dies here: its undo reaches nobody.
    kube.refuse(/^(GET|PATCH)/, () => new Error('the laptop is off'), 1);
    ended.abort(new Error('killed'));
    await assert.rejects(settle(work));
    assert.match(JSON.stringify(templateOf(webPath)), /wrong:1/);
    controllers.startPod = () => ready;
    await settle(intercept('web', '80'));
    assert.deepEqual(agents(), [IMAGE, IMAGE]);
  });

  test('pods of a ReplicaSet are evicted one after the other', async () => {
    const { spec, metadata } = deployment('relic', { replicas: 2 });
    kube.put(paths.replicaSets(NAMESPACE, 'relic'), { kind: 'ReplicaSet', metadata, spec });
    kube.put(paths.services(NAMESPACE, 'relic'), service('relic', [servicePort(80, 'http')]));
    await settle(intercept('relic', '80'));
    assert.equal(kube.writes.filter((write) => write.endsWith('/eviction')).length, 2);
    const relics = kube
      .all<V1Pod>(paths.pods(NAMESPACE))
      .filter(({ metadata: { labels = {} } = {} }) => labels['app'] === 'relic');
    assert.deepEqual(
      relics.map(({ spec: podSpec }) => podSpec?.containers[0]?.name),
      [AGENT_CONTAINER, AGENT_CONTAINER],
    );
  });

  test('an eviction that a PodDisruptionBudget forbids is tried again', async () => {
    const { spec, metadata } = deployment('relic');
    kube.put(paths.replicaSets(NAMESPACE, 'relic'), { kind: 'ReplicaSet', metadata, spec });
    kube.refuse(/\/eviction$/, () => statusError(429, 'TooManyRequests'), 2);
    await settle(intercept('rs/relic', '8080'));
    assert.equal(kube.writes.filter((write) => write.endsWith('/eviction')).length, 3);
    assert.ok(progress.some(({ message }) => message.includes('a PodDisruptionBudget protects relic-0')));
  });

  test('a bare Pod is replaced only with consent, and kept safe meanwhile', async () => {
    const podPath = paths.pods(NAMESPACE, 'lone');
    kube.put(podPath, pod('lone', { containers: [container('app', [port(8080, 'http')])], status: ready }));
    await assertFails(
      intercept('pod/lone', '8080'),
      'USAGE_CONFIRMATION_NEEDED',
      /pod\/lone has no controller/,
    );
    assert.equal(kube.writes.length, 0);
    const saved: string[] = [];
    const recovery = {
      save: (name: string): Promise<void> => {
        assert.ok(kube.has(podPath), 'saved before the deletion');
        saved.push(name);
        return Promise.resolve();
      },
      remove: (name: string): Promise<void> => {
        saved.push(`-${name}`);
        return Promise.resolve();
      },
    };
    await settle(intercept('pod/lone', '8080', { confirmed: true, recovery }));
    assert.deepEqual(saved, ['shop-lone', '-shop-lone']);
    assert.equal(agents().includes(IMAGE), true);
  });

  test('a broken pod of a StatefulSet does not outlive the undoing', async () => {
    const { spec, metadata } = deployment('cart', { replicas: 1 });
    const path = paths.statefulSets(NAMESPACE, 'cart');
    kube.put(path, { kind: 'StatefulSet', metadata, spec: { ...spec, serviceName: 'cart' } });
    controllers.startPod = failAgent('CrashLoopBackOff');
    const before = templateOf(path);
    await assertFails(intercept('sts/cart', '8080'), 'ROLLOUT_FAILED', /CrashLoopBackOff/);
    assert.deepEqual(templateOf(path), before);
    const [restored] = kube
      .all<V1Pod>(paths.pods(NAMESPACE))
      .filter(({ metadata: { name = '' } = {} }) => name === 'cart-0');
    assert.equal(restored?.spec?.containers.length, 1);
  });
});
