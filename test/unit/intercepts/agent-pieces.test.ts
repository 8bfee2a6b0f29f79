import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AGENT_CONFIG_VARIABLE, INJECTION_ANNOTATION, type TakenPort } from '../../../src/contract/index.ts';
import { isToolError } from '../../../src/errors/index.ts';
import {
  buildPieces,
  DEFAULT_CONTAINER_ANNOTATION,
  readConfig,
  readPieces,
  readRecord,
  type AgentPieces,
} from '../../../src/intercepts/agent-pieces.ts';
import type { PodTemplate } from '../../../src/intercepts/workload.ts';
import { container, port } from '../../support/kube-objects.ts';

const template: PodTemplate = {
  metadata: { labels: { app: 'web' } },
  spec: {
    containers: [container('app', [port(8080, 'http'), port(8443)], { env: [{ name: 'A', value: '1' }] })],
  },
};
const http: TakenPort = {
  protocol: 'TCP',
  listenPort: 19810,
  appPort: 8080,
  appContainer: 'app',
  portName: 'http',
  redirect: 'port-name',
};
const build = (ports: TakenPort[], of: PodTemplate = template): AgentPieces =>
  buildPieces({ workload: 'deploy/web', template: of, ports, image: 'example.org/agent:1' });

test('with a shared name the agent comes first and kubectl is told which container is meant', () => {
  const pieces = build([http]);
  assert.equal(pieces.position, 'first');
  assert.deepEqual(pieces.container.ports, [{ name: 'http', containerPort: 19810, protocol: 'TCP' }]);
  assert.equal(pieces.annotations[DEFAULT_CONTAINER_ANNOTATION], 'app');
  assert.equal(pieces.redirectContainer, undefined);
});

test('a default container that somebody chose stays', () => {
  const chosen = { ...template, metadata: { annotations: { [DEFAULT_CONTAINER_ANNOTATION]: 'app' } } };
  assert.deepEqual(Object.keys(build([http], chosen).annotations), [INJECTION_ANNOTATION]);
});

test('without a shared name the agent comes last', () => {
  const pieces = build([{ ...http, appPort: 8443, redirect: 'service' }]);
  assert.equal(pieces.position, 'last');
  assert.deepEqual(pieces.container.ports, [{ name: 'tp-8443', containerPort: 19810, protocol: 'TCP' }]);
});

test('the agent has no privilege, and only the init container of nftables has one', () => {
  const { container: agent, redirectContainer } = build([{ ...http, redirect: 'nftables' }]);
  assert.equal(agent.securityContext?.runAsNonRoot, true);
  assert.deepEqual(agent.securityContext.capabilities, { drop: ['ALL'] });
  assert.deepEqual(redirectContainer?.securityContext?.capabilities, { drop: ['ALL'], add: ['NET_ADMIN'] });
  assert.deepEqual(redirectContainer.args, ['redirect']);
});

test('the configuration can be read back', () => {
  const { container: agent } = build([http]);
  assert.deepEqual(readConfig('deploy/web', agent), {
    version: 1,
    role: 'agent',
    workload: 'deploy/web',
    ports: [http],
    containers: [{ name: 'app', environmentPrefix: 'TP_ENV_0_' }],
  });
});

test("the agent's own variables come after the application's", () => {
  const names = build([http]).container.env?.map(({ name }) => name);
  assert.deepEqual(names?.slice(0, 2), ['TP_ENV_0_A', AGENT_CONFIG_VARIABLE]);
});

test('the revision changes with what is injected, and with nothing else', () => {
  const revision = (pieces: AgentPieces): string | undefined =>
    readRecord('deploy/web', { metadata: { annotations: pieces.annotations } })?.revision;
  assert.equal(
    revision(build([http])),
    revision(build([http], { ...template, metadata: { labels: { x: 'y' } } })),
  );
  assert.notEqual(revision(build([http])), revision(build([{ ...http, listenPort: 19811 }])));
});

test('readPieces() finds nothing in a template without an agent', () => {
  assert.equal(readPieces('deploy/web', template), undefined);
});

test('readPieces() gives back what was built', () => {
  const pieces = build([
    { ...http, redirect: 'nftables' },
    { ...http, appPort: 8443, listenPort: 19811 },
  ]);
  const injected: PodTemplate = {
    metadata: { annotations: pieces.annotations },
    spec: {
      containers: [pieces.container, container('app')],
      initContainers: [pieces.redirectContainer ?? container('missing')],
      volumes: [pieces.volume],
    },
  };
  assert.deepEqual(readPieces('deploy/web', injected), { ...pieces, position: 'first' });
});

const unreadable: [string, string][] = [
  ['a later version', '{"version":2,"revision":"x"}'],
  ['no JSON', 'hello'],
];
for (const [what, text] of unreadable)
  test(`a record of ${what} is refused`, () => {
    assert.throws(
      () => readRecord('deploy/web', { metadata: { annotations: { [INJECTION_ANNOTATION]: text } } }),
      (error) => isToolError(error, 'TARGET_UNSUPPORTED') && error.message.includes('another version of tp'),
    );
  });

test('a configuration of a later version is refused', () => {
  const agent = container('tp-agent', [], { env: [{ name: AGENT_CONFIG_VARIABLE, value: '{"version":2}' }] });
  assert.throws(
    () => readConfig('deploy/web', agent),
    (error) => isToolError(error, 'TARGET_UNSUPPORTED'),
  );
});
