import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  AGENT_CONTAINER,
  AGENT_VOLUME,
  INJECTION_ANNOTATION,
  type TakenPort,
} from '../../../src/contract/index.ts';
import {
  buildPieces,
  DEFAULT_CONTAINER_ANNOTATION,
  type AgentPieces,
} from '../../../src/intercepts/agent-pieces.ts';
import { applyPatch } from '../../../src/intercepts/json-patch.ts';
import { lockPatch, planTemplateChange, withoutAgent } from '../../../src/intercepts/template-change.ts';
import { templateOf, toWorkload, type Workload } from '../../../src/intercepts/workload.ts';
import type { V1Deployment, V1Pod } from '../../../src/kube/index.ts';
import { container, deployment, NAMESPACE, pod } from '../../support/kube-objects.ts';
import { anyDeployment, anyForeignChange } from '../../support/pod-templates.ts';

const ports: TakenPort[] = [
  {
    protocol: 'TCP',
    listenPort: 19810,
    appPort: 8080,
    appContainer: 'app',
    portName: 'http',
    redirect: 'port-name',
  },
];
const nftables: TakenPort[] = ports.map((port) => ({ ...port, redirect: 'nftables' }));

const toWeb = (object: V1Deployment): Workload => toWorkload('Deployment', NAMESPACE, object);

function pieces(object: V1Deployment, taken: TakenPort[] = ports): AgentPieces {
  const template = withoutAgent('deploy/web', object.spec?.template ?? {});
  return buildPieces({ workload: 'deploy/web', template, ports: taken, image: 'example.org/agent:1' });
}

function inject(object: V1Deployment, taken: TakenPort[] = ports): V1Deployment {
  return applyPatch(object, planTemplateChange(toWeb(object), pieces(object, taken)));
}

function remove(object: V1Deployment): V1Deployment {
  return applyPatch(object, planTemplateChange(toWeb(object), undefined));
}

test('injecting puts the agent first, the redirect last, and keeps the rest', () => {
  const original = deployment('web', {
    spec: { initContainers: [container('setup')], volumes: [{ name: 'data' }] },
  });
  const { containers, initContainers, volumes } = inject(original, nftables).spec?.template.spec ?? {};
  assert.deepEqual(
    containers?.map(({ name }) => name),
    ['app', AGENT_CONTAINER],
  );
  assert.equal(inject(original).spec?.template.spec?.containers[0]?.name, AGENT_CONTAINER);
  assert.deepEqual(
    initContainers?.map(({ name }) => name),
    ['setup', 'tp-redirect'],
  );
  assert.deepEqual(
    volumes?.map(({ name }) => name),
    ['data', AGENT_VOLUME],
  );
});

test('a bare Pod is changed at its root', () => {
  const object = pod('lone');
  const workload = toWorkload('Pod', NAMESPACE, object);
  const injected = applyPatch<V1Pod>(object, planTemplateChange(workload, pieces(deployment('web'))));
  assert.equal(injected.spec?.containers[0]?.name, AGENT_CONTAINER);
  assert.deepEqual(
    applyPatch(injected, planTemplateChange(toWorkload('Pod', NAMESPACE, injected), undefined)),
    object,
  );
});

test('lists and maps that the injection made go with it', () => {
  const original = deployment('web');
  assert.equal(templateOf(toWeb(original)).metadata?.annotations, undefined);
  const restored = remove(inject(original, nftables));
  assert.deepEqual(restored, original);
  assert.equal('volumes' in (restored.spec?.template.spec ?? {}), false);
});

test('a second injection exchanges the first', () => {
  const original = deployment('web');
  const twice = inject(inject(original, nftables));
  assert.deepEqual(twice, inject(original));
  assert.deepEqual(remove(twice), original);
});

test('without an agent there is nothing to remove', () => {
  assert.deepEqual(planTemplateChange(toWeb(deployment('web')), undefined), []);
});

test('a default container that somebody chose since stays', () => {
  const injected = inject(deployment('web'));
  const annotations = injected.spec?.template.metadata?.annotations ?? {};
  annotations[DEFAULT_CONTAINER_ANNOTATION] = 'other';
  assert.deepEqual(remove(injected).spec?.template.metadata?.annotations, {
    [DEFAULT_CONTAINER_ANNOTATION]: 'other',
  });
});

test('what is left of an agent that somebody removed in part is removed', () => {
  const original = deployment('web');
  const injected = inject(original, nftables);
  injected.spec?.template.spec?.containers.pop();
  assert.deepEqual(remove(injected), original);
});

test('a container that stands elsewhere meanwhile is not removed in its place', () => {
  const injected = inject(deployment('web'));
  const patch = planTemplateChange(toWeb(injected), undefined);
  injected.spec?.template.spec?.containers.reverse();
  assert.throws(() => applyPatch(injected, patch), /another value/);
});

test('lockPatch() names the version that was read', () => {
  assert.deepEqual(lockPatch(deployment('web'), []), [
    { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
  ]);
});

const takenPorts = fc.constantFrom<TakenPort[][]>(ports, nftables, [
  ...ports,
  { ...ports[0], appPort: 8081, listenPort: 19811, redirect: 'service' } as TakenPort,
]);

test('removing an agent restores any template', () => {
  fc.assert(
    fc.property(anyDeployment, takenPorts, (original, taken) => {
      assert.deepEqual(remove(inject(original, taken)), original);
    }),
    { numRuns: 300 },
  );
});

test('removing an agent keeps what others changed meanwhile', () => {
  fc.assert(
    fc.property(
      anyDeployment,
      takenPorts,
      fc.array(anyForeignChange, { maxLength: 4 }),
      (original, taken, changes) => {
        const injected = inject(original, taken);
        const expected = structuredClone(original);
        for (const { apply } of changes) {
          apply(injected);
          apply(expected);
        }
        assert.deepEqual(remove(injected), expected);
      },
    ),
    { numRuns: 300 },
  );
});

test('an injection changes nothing that was there', () => {
  fc.assert(
    fc.property(anyDeployment, takenPorts, (original, taken) => {
      const { template } = inject(original, taken).spec ?? {};
      const before = original.spec?.template;
      assert.deepEqual(
        template?.spec?.containers.filter(({ name }) => name !== AGENT_CONTAINER),
        before?.spec?.containers,
      );
      for (const [key, value] of Object.entries(before?.metadata?.annotations ?? {}))
        assert.equal(template?.metadata?.annotations?.[key], value);
      assert.ok(template?.metadata?.annotations?.[INJECTION_ANNOTATION]);
    }),
    { numRuns: 300 },
  );
});
