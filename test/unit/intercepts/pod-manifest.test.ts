import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AGENT_CONTAINER, POD_ANNOTATION, type TakenPort } from '../../../src/contract/index.ts';
import { buildPieces } from '../../../src/intercepts/agent-pieces.ts';
import { podManifest } from '../../../src/intercepts/pod-manifest.ts';
import type { V1Pod } from '../../../src/kube/index.ts';
import { container, pod, port } from '../../support/kube-objects.ts';

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
const pieces = buildPieces({ workload: 'pod/lone', template: pod('lone'), ports, image: 'agent:1' });

/** The Pod as the cluster keeps it: bound to a node, with status and fields of the server. */
const live: V1Pod = {
  ...pod('lone', {
    containers: [container('app', [port(8080, 'http')])],
    metadata: { annotations: { team: 'a' } },
  }),
  spec: {
    containers: [container('app', [port(8080, 'http')])],
    nodeName: 'node1',
    ephemeralContainers: [{ name: 'debugger' }],
  },
};

test('a manifest has what its author wrote, and nothing of the cluster', () => {
  assert.deepEqual(podManifest(live, undefined), {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'lone', namespace: 'shop', labels: { app: 'lone' }, annotations: { team: 'a' } },
    spec: { containers: [container('app', [port(8080, 'http')])] },
  });
});

test('a node that the author chose stays', () => {
  const managedFields = [
    { manager: 'kubectl', operation: 'Update', fieldsV1: { 'f:spec': { 'f:nodeName': {} } } },
  ];
  const pinned = { ...live, metadata: { ...live.metadata, managedFields } };
  assert.equal(podManifest(pinned, undefined).spec?.nodeName, 'node1');
});

test('with an agent the manifest notes what was before', () => {
  const injected = podManifest(live, pieces);
  assert.equal(injected.spec?.containers[0]?.name, AGENT_CONTAINER);
  assert.deepEqual(
    JSON.parse(injected.metadata?.annotations?.[POD_ANNOTATION] ?? ''),
    podManifest(live, undefined),
  );
});

test('without the agent it is the manifest from before again', () => {
  const injected = podManifest(live, pieces);
  assert.deepEqual(podManifest(injected, undefined), podManifest(live, undefined));
});

test('annotations that come with the agent go with it', () => {
  const injected = podManifest(live, pieces);
  const key = `container.seccomp.security.alpha.kubernetes.io/${AGENT_CONTAINER}`;
  const written = {
    ...injected.metadata,
    annotations: { ...injected.metadata?.annotations, [key]: 'runtime/default' },
  };
  assert.deepEqual(podManifest({ ...injected, metadata: written }, undefined), podManifest(live, undefined));
});

test('the node that the scheduler chose for the injected Pod is not kept, one from before is', () => {
  const injected = podManifest(live, pieces);
  const bound = { ...injected, spec: { ...(injected.spec ?? { containers: [] }), nodeName: 'node2' } };
  assert.equal(podManifest(bound, undefined).spec?.nodeName, undefined);
  const noted = { ...podManifest(live, undefined), spec: { containers: [], nodeName: 'node2' } };
  const annotations = { ...bound.metadata?.annotations, [POD_ANNOTATION]: JSON.stringify(noted) };
  const pinned = { ...bound, metadata: { ...bound.metadata, annotations } };
  assert.equal(podManifest(pinned, undefined).spec?.nodeName, 'node2');
});

test('what others changed meanwhile stays', () => {
  const injected = podManifest(live, pieces);
  const relabelled = {
    ...injected,
    metadata: { ...injected.metadata, labels: { app: 'lone', tier: 'new' } },
  };
  assert.deepEqual(podManifest(relabelled, undefined).metadata?.labels, { app: 'lone', tier: 'new' });
});

test('an exchange of the agent keeps the first note', () => {
  const injected = podManifest(live, pieces);
  const again = podManifest(injected, { ...pieces, container: { ...pieces.container, image: 'agent:2' } });
  assert.equal(
    again.metadata?.annotations?.[POD_ANNOTATION],
    injected.metadata?.annotations?.[POD_ANNOTATION],
  );
  assert.equal(again.spec?.containers.length, 2);
});
