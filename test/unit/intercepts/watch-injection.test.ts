import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { nullLogger } from '../../../src/core/index.ts';
import { createError } from '../../../src/errors/index.ts';
import { watchInjection, type InjectionEvent } from '../../../src/intercepts/watch-injection.ts';
import { toWorkload, type Workload } from '../../../src/intercepts/workload.ts';
import { paths, type V1Deployment, type V1Service } from '../../../src/kube/index.ts';
import { raises } from '../../support/assert-raises.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';
import { injectInto, switchToAgent } from '../../support/fake-workload.ts';
import { deployment, NAMESPACE, service, servicePort } from '../../support/kube-objects.ts';

const webPath = paths.deployments(NAMESPACE, 'web');
const servicePath = paths.services(NAMESPACE, 'web');
let kube: FakeKube;
let clock: FakeClock;
let workload: Workload;
let events: InjectionEvent[];
let end: AbortController;

beforeEach(() => {
  kube = createFakeKube();
  clock = createFakeClock();
  end = new AbortController();
  events = [];
  kube.put(webPath, deployment('web'));
  kube.put(servicePath, service('web', [servicePort(80, 8080)]));
  workload = injectInto(kube, toWorkload('Deployment', NAMESPACE, kube.read<V1Deployment>(webPath)));
  switchToAgent(kube, 'web', 'deploy/web');
});

function watch(): Promise<void> {
  const onEvent = (event: InjectionEvent): void => void events.push(event);
  return watchInjection(kube, { workload, clock, logger: nullLogger, signal: end.signal, onEvent });
}
const target = (): unknown => kube.read<V1Service>(servicePath).spec?.ports?.[0]?.targetPort;

test('as long as all is well nothing is told', async () => {
  const work = watch();
  await clock.advance(1000);
  const other = kube.read<V1Deployment>(webPath);
  if (other.spec) other.spec.replicas = 3;
  kube.put(webPath, other);
  assert.deepEqual(events, []);
  end.abort();
  await work;
  assert.equal(clock.pendingTimers, 0);
});

test('when somebody puts the template back, the Services follow at once', async () => {
  const work = watch();
  await clock.advance(0);
  kube.put(webPath, { ...deployment('web'), metadata: kube.read(webPath).metadata });
  await work;
  assert.deepEqual(events, [{ kind: 'agent-removed', workload: 'deploy/web', isDeleted: false }]);
  assert.equal(target(), 8080);
});

test('when the workload is deleted, the Services are put back too', async () => {
  const work = watch();
  await clock.advance(0);
  kube.drop(webPath);
  await work;
  assert.deepEqual(events, [{ kind: 'agent-removed', workload: 'deploy/web', isDeleted: true }]);
  assert.equal(target(), 8080);
});

test('a Service that somebody puts back is told once', async () => {
  const work = watch();
  await clock.advance(0);
  const reverted = kube.read<V1Service>(servicePath);
  if (reverted.spec?.ports?.[0]) reverted.spec.ports[0].targetPort = 8080;
  kube.put(servicePath, reverted);
  kube.put(paths.services(NAMESPACE, 'other'), service('other', []));
  assert.deepEqual(events, [{ kind: 'service-reverted', service: 'web', ports: [80] }]);
  end.abort();
  await work;
});

test('Services of other workloads are not touched', async () => {
  kube.put(paths.services(NAMESPACE, 'other'), service('other', [servicePort(81, 8080)]));
  switchToAgent(kube, 'other', 'deploy/other');
  const work = watch();
  await clock.advance(0);
  kube.drop(webPath);
  await work;
  assert.equal(kube.read<V1Service>(paths.services(NAMESPACE, 'other')).spec?.ports?.[0]?.targetPort, 'http');
});

test('a workload that may not be watched is an error, Services are not', async () => {
  const forbidden = (): Error => createError('KUBE_FORBIDDEN', { action: 'watch', missing: [] });
  kube.refuse(/WATCH .*services/, forbidden);
  const work = watch();
  await clock.advance(0);
  kube.drop(webPath);
  await work;
  assert.deepEqual(events, [{ kind: 'agent-removed', workload: 'deploy/web', isDeleted: true }]);
  kube.refuse(/WATCH .*deployments/, forbidden);
  await assert.rejects(watch(), raises('KUBE_FORBIDDEN'));
});
