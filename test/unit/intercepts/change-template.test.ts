import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { AGENT_CONTAINER, type TakenPort } from '../../../src/contract/index.ts';
import { nullLogger } from '../../../src/core/index.ts';
import { buildPieces, readPieces, type AgentPieces } from '../../../src/intercepts/agent-pieces.ts';
import {
  changeTemplate,
  revertTemplate,
  type TemplateChange,
} from '../../../src/intercepts/change-template.ts';
import { templateOf, toWorkload, type Workload } from '../../../src/intercepts/workload.ts';
import { paths, type V1Deployment } from '../../../src/kube/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';
import { injectInto } from '../../support/fake-workload.ts';
import { deployment, NAMESPACE } from '../../support/kube-objects.ts';

const path = paths.deployments(NAMESPACE, 'web');
const recovery = {
  save: (): Promise<void> => Promise.resolve(),
  remove: (): Promise<void> => Promise.resolve(),
};
let kube: FakeKube;

beforeEach(() => {
  kube = createFakeKube();
  kube.put(path, deployment('web'));
});

const live = (): Workload => toWorkload('Deployment', NAMESPACE, kube.read<V1Deployment>(path));
const images = (of: Workload = live()): (string | undefined)[] =>
  templateOf(of)
    .spec?.containers.filter(({ name }) => name === AGENT_CONTAINER)
    .map(({ image }) => image) ?? [];

function pieces(image: string): AgentPieces {
  const port: TakenPort = {
    protocol: 'TCP',
    listenPort: 19810,
    appPort: 8080,
    appContainer: 'app',
    redirect: 'service',
  };
  return buildPieces({ workload: 'deploy/web', template: templateOf(live()), ports: [port], image });
}

const context = (): Parameters<typeof changeTemplate>[0] => ({
  kube,
  clock: createFakeClock(),
  logger: nullLogger,
  onProgress: () => undefined,
  signal: new AbortController().signal,
});
const change = (choose: TemplateChange['choose']): Promise<Workload> =>
  changeTemplate(context(), { workload: live(), choose, recovery });

test('the template gets what is chosen, or stays', async () => {
  assert.deepEqual(images(await change(() => pieces('agent:1'))), ['agent:1']);
  kube.writes.length = 0;
  await change(() => 'keep');
  assert.deepEqual(kube.writes, []);
  assert.deepEqual(images(await change(() => undefined)), []);
});

test('reverting brings back what was before', async () => {
  const changed = await change(() => pieces('agent:1'));
  await revertTemplate(context(), { workload: changed, previous: undefined, recovery });
  assert.deepEqual(images(), []);
  const first = injectInto(kube, live(), 'agent:0');
  const previous = readPieces(first.label, templateOf(first));
  const second = injectInto(kube, live(), 'agent:1');
  await revertTemplate(context(), { workload: second, previous, recovery });
  assert.deepEqual(images(), ['agent:0']);
});

test('what somebody else injected since is not reverted', async () => {
  const ours = injectInto(kube, live(), 'agent:1');
  injectInto(kube, live(), 'agent:2');
  await revertTemplate(context(), { workload: ours, previous: undefined, recovery });
  assert.deepEqual(images(), ['agent:2']);
});

test('a workload that is gone needs no reverting', async () => {
  const ours = injectInto(kube, live());
  kube.drop(path);
  await revertTemplate(context(), { workload: ours, previous: undefined, recovery });
  assert.equal(kube.has(path), false);
});
