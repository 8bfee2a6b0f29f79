import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { awaitLeads } from '../../../src/intercepts/await-leads.ts';
import { createDeadline } from '../../../src/intercepts/deadline.ts';
import { toWorkload } from '../../../src/intercepts/workload.ts';
import { paths, type V1Deployment } from '../../../src/kube/index.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { startControllers } from '../../support/fake-controllers.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';
import { deployment, NAMESPACE, service, servicePort } from '../../support/kube-objects.ts';
import { settled } from '../../support/settle.ts';

let kube: FakeKube;
let clock: FakeClock;
let messages: string[];

beforeEach(() => {
  kube = createFakeKube();
  clock = createFakeClock();
  messages = [];
  startControllers(kube);
  kube.put(paths.deployments(NAMESPACE, 'web'), deployment('web'));
  kube.put(paths.services(NAMESPACE, 'web'), service('web', [servicePort(80, 8080)]));
});

function wait(podPort: number, isCurrent = true): Promise<string | undefined> {
  const workload = toWorkload(
    'Deployment',
    NAMESPACE,
    kube.read<V1Deployment>(paths.deployments(NAMESPACE, 'web')),
  );
  const work = awaitLeads(kube, {
    workload,
    leads: [{ service: 'web', port: 80, protocol: 'TCP', podPort }],
    isCurrent: () => isCurrent,
    deadline: createDeadline(clock, 10_000),
    clock,
    signal: new AbortController().signal,
    onProgress: ({ message }) => messages.push(message),
  });
  return settled(clock, work);
}

test('Services that lead where they should are not waited for', async () => {
  assert.equal(await wait(8080), undefined);
  assert.deepEqual(messages, []);
});

test('a change of the Service ends the waiting', async () => {
  const work = wait(9090);
  kube.put(paths.services(NAMESPACE, 'web'), service('web', [servicePort(80, 9090)]));
  assert.equal(await work, undefined);
});

test('at the deadline it is said what is missing, and once before', async () => {
  assert.match((await wait(9090)) ?? '', /svc\/web:80 still leads to port 8080 of web-1-0/);
  assert.equal(messages.length, 1);
});

test('pods that are not as they should be are not to be led to', async () => {
  assert.match((await wait(8080, false)) ?? '', /still leads to port 8080/);
});
