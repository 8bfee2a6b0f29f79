import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { DoctorReport } from '../../../src/contract/index.ts';
import { diagnose } from '../../../src/intercepts/diagnose.ts';
import { toWorkload } from '../../../src/intercepts/workload.ts';
import { paths, type V1Deployment } from '../../../src/kube/index.ts';
import { startControllers } from '../../support/fake-controllers.ts';
import { createFakeKube, statusError, type FakeKube } from '../../support/fake-kube.ts';
import { injectInto } from '../../support/fake-workload.ts';
import { deployment, NAMESPACE, service, servicePort } from '../../support/kube-objects.ts';

const path = paths.deployments(NAMESPACE, 'web');
let kube: FakeKube;

beforeEach(() => {
  kube = createFakeKube();
  startControllers(kube);
  kube.put(path, deployment('web'));
  kube.put(paths.services(NAMESPACE, 'web'), service('web', [servicePort(80, 8080)]));
});

function run(): Promise<DoctorReport> {
  return diagnose(kube, {
    namespace: NAMESPACE,
    name: 'web',
    image: 'agent:1',
    signal: new AbortController().signal,
  });
}

async function choices(): Promise<string[]> {
  const { ports } = await run();
  return (ports[0]?.choices ?? []).map(
    ({ redirect, possible, chosen, restart, reason }) =>
      `${redirect} ${possible ? 'possible' : 'impossible'}${chosen ? ', chosen' : ''}, restart ${restart}: ${reason}`,
  );
}

test('every way is weighed', async () => {
  const report = await run();
  assert.equal(report.target, 'svc/web');
  assert.equal(report.workload, 'deploy/web');
  assert.equal(report.serverVersion, 'v1.20.0');
  assert.equal(report.ports[0]?.port, '8080 (http)');
  assert.deepEqual(await choices(), [
    'port-name impossible, restart once: svc/web gives its target port as a number',
    'service possible, chosen, restart once: svc/web gives its target port as a number',
    'nftables possible, restart once: ',
  ]);
  assert.deepEqual(report.missingRights, []);
  assert.deepEqual(report.findings, []);
});

test('nothing is changed', async () => {
  const before = kube.read(path);
  await run();
  assert.deepEqual(kube.read(path), before);
  assert.ok(kube.writes.every((write) => write.startsWith('POST(dry)')));
});

test('an agent that is there already needs no restart', async () => {
  injectInto(kube, toWorkload('Deployment', NAMESPACE, kube.read<V1Deployment>(path)));
  assert.match((await choices())[1] ?? '', /service possible, chosen, restart none/);
});

test('a way that the cluster refuses is impossible, with the reason', async () => {
  kube.refuse(/^POST\(dry\)/, () => statusError(403, 'Forbidden', 'no NET_ADMIN here'));
  assert.match(
    (await choices())[2] ?? '',
    /nftables impossible, restart once: the cluster refuses its pods: no NET_ADMIN here/,
  );
});

test('a workload that cannot be injected is possible in no way', async () => {
  kube.put(path, deployment('web', { spec: { hostNetwork: true } }));
  const report = await run();
  assert.ok(report.ports[0]?.choices.every(({ possible, chosen }) => !possible && !chosen));
  assert.equal(report.findings[0]?.code, 'TARGET_UNSUPPORTED');
});

test('missing rights are named with what they are for', async () => {
  kube.lacking.add('patch deployments');
  const missing = { verb: 'patch', resource: 'deployments.apps', namespace: NAMESPACE };
  assert.deepEqual((await run()).missingRights, [
    { action: 'intercept', ...missing },
    { action: 'uninstall', ...missing },
  ]);
});
