import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAdmitted, assertInjectable, whyNotInjectable } from '../../../src/intercepts/preflight.ts';
import { toWorkload, type Workload } from '../../../src/intercepts/workload.ts';
import { createError } from '../../../src/errors/index.ts';
import type { V1DaemonSet, V1Deployment, V1Pod, V1StatefulSet } from '../../../src/kube/index.ts';
import { raises } from '../../support/assert-raises.ts';
import { createFakeKube, statusError } from '../../support/fake-kube.ts';
import { deployment, NAMESPACE, pod, type DeploymentOptions } from '../../support/kube-objects.ts';

function deploy(
  options: DeploymentOptions = {},
  spec: Partial<NonNullable<V1Deployment['spec']>> = {},
): Workload {
  const object = deployment('web', options);
  return toWorkload('Deployment', NAMESPACE, { ...object, spec: { ...object.spec, ...spec } as never });
}
function statefulSet(spec: Partial<NonNullable<V1StatefulSet['spec']>>): Workload {
  const object = deployment('db');
  return toWorkload('StatefulSet', NAMESPACE, {
    ...object,
    spec: { ...object.spec, ...spec } as never,
  });
}
function daemonSet(desired: number, spec: Partial<NonNullable<V1DaemonSet['spec']>> = {}): Workload {
  const object = deployment('ds');
  const status = {
    currentNumberScheduled: 0,
    desiredNumberScheduled: desired,
    numberMisscheduled: 0,
    numberReady: 0,
  };
  return toWorkload('DaemonSet', NAMESPACE, {
    ...object,
    spec: { ...object.spec, ...spec } as never,
    status,
  });
}

const refused: [string, Workload, RegExp][] = [
  ['the network of the node', deploy({ spec: { hostNetwork: true } }), /hostNetwork/],
  ['Windows by its label', deploy({ spec: { nodeSelector: { 'kubernetes.io/os': 'windows' } } }), /Windows/],
  ['Windows by its field', deploy({ spec: { os: { name: 'windows' } } }), /Windows/],
  ['a paused rollout', deploy({}, { paused: true }), /paused; run first: kubectl rollout resume deploy\/web/],
  ['no replicas', deploy({ replicas: 0 }), /scaled to 0.*kubectl scale deploy\/web --replicas=1/],
  ['no node', daemonSet(0), /no node takes a pod/],
  ['a partition', statefulSet({ updateStrategy: { rollingUpdate: { partition: 2 } } }), /partition 2/],
  [
    'a deletion',
    deploy({ metadata: { name: 'web', deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    /being deleted/,
  ],
];
for (const [what, workload, reason] of refused)
  test(`a workload with ${what} is refused`, () => {
    assert.throws(() => assertInjectable(workload), raises('TARGET_UNSUPPORTED', reason));
  });

test('others are not', () => {
  assert.equal(whyNotInjectable(deploy()), undefined);
  assert.equal(whyNotInjectable(daemonSet(1)), undefined);
  assert.equal(whyNotInjectable(statefulSet({ updateStrategy: { type: 'OnDelete' } })), undefined);
  assert.equal(whyNotInjectable(toWorkload('Pod', NAMESPACE, pod('lone'))), undefined);
});

const { signal } = new AbortController();
const addLabel = [{ op: 'add', path: '/spec/template/metadata/labels/x', value: 'y' }] as const;

/** Answers the dry run with `error`, and returns the pod that was asked about. */
async function ask(workload: Workload, error?: Error): Promise<V1Pod> {
  const kube = createFakeKube();
  let asked: V1Pod | undefined;
  const create = async <T>(
    path: string,
    body: object,
    options: Parameters<typeof kube.create>[2],
  ): Promise<T> => {
    assert.equal(options.dryRun, true);
    asked = body;
    if (error !== undefined) throw error;
    return kube.create<T>(path, body, options);
  };
  await assertAdmitted({ create }, workload, addLabel, { signal });
  return asked as V1Pod;
}

test('the pod that is asked about comes from the changed template', async () => {
  const asked = await ask(deploy());
  assert.deepEqual(asked.metadata, {
    generateName: 'web-',
    namespace: NAMESPACE,
    labels: { app: 'web', x: 'y' },
  });
  assert.equal(asked.spec?.containers[0]?.name, 'app');
});

test('a pod of a StatefulSet has the volumes that its controller adds', async () => {
  const asked = await ask(statefulSet({ volumeClaimTemplates: [{ metadata: { name: 'data' } }] }));
  assert.deepEqual(asked.spec?.volumes, [
    { name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } },
  ]);
});

const admission: [string, Error, boolean][] = [
  ['a policy', statusError(403, 'Forbidden', 'violates PodSecurity "restricted"'), true],
  [
    'a webhook with a status of its own',
    statusError(400, 'BadRequest', 'admission webhook "x" denied the request'),
    true,
  ],
  ['a limit', statusError(422, 'Invalid', 'must be less than or equal to memory limit'), true],
  ['a webhook that does not answer', statusError(500, 'InternalError', 'failed calling webhook "x"'), true],
  [
    'a webhook that knows no dry runs',
    statusError(400, 'BadRequest', 'admission webhook "x" does not support dry run'),
    false,
  ],
  [
    'a user who may not create pods',
    createError('KUBE_FORBIDDEN', { action: 'create pods', missing: [] }),
    false,
  ],
];
for (const [what, error, isRefusal] of admission)
  test(`${what} ${isRefusal ? 'refuses' : 'does not refuse'} the pod`, async () => {
    if (isRefusal)
      await assert.rejects(
        ask(deploy(), error),
        raises('POD_REFUSED', /pods of deploy\/web with an agent: /),
      );
    else assert.ok(await ask(deploy(), error));
  });

const quota = statusError(403, 'Forbidden', 'pods "web-" is forbidden: exceeded quota: small');
const rollouts: [string, Workload, boolean][] = [
  ['a Deployment that starts a pod before it stops one', deploy({ replicas: 3 }), true],
  ['a Deployment that may stop one first', deploy({ replicas: 4 }), false],
  [
    'a Deployment that may stop none',
    deploy({ replicas: 4 }, { strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } }),
    true,
  ],
  ['a Deployment that stops all first', deploy({}, { strategy: { type: 'Recreate' } }), false],
  ['a StatefulSet', statefulSet({}), false],
  ['a DaemonSet', daemonSet(1), false],
  ['a DaemonSet with a surge', daemonSet(1, { updateStrategy: { rollingUpdate: { maxSurge: 1 } } }), true],
];
for (const [what, workload, isRefusal] of rollouts)
  test(`a full quota ${isRefusal ? 'refuses' : 'does not refuse'} ${what}`, async () => {
    if (isRefusal) await assert.rejects(ask(workload, quota), raises('POD_REFUSED', /exceeded quota/));
    else assert.ok(await ask(workload, quota));
  });
