import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentPortNames } from '../../../src/intercepts/agent-port-names.ts';
import { container, port } from '../../support/kube-objects.ts';

const template = {
  spec: {
    containers: [
      container('app', [port(8080, 'http'), port(8080, 'web'), port(53, 'tp-9090', 'UDP'), port(9090)]),
    ],
  },
};

test('the agent takes every name of a port', () => {
  const expected = { names: ['http', 'web'], isShared: true };
  assert.deepEqual(
    agentPortNames(template, { protocol: 'TCP', appPort: 8080, redirect: 'port-name' }),
    expected,
  );
  assert.deepEqual(
    agentPortNames(template, { protocol: 'TCP', appPort: 8080, redirect: 'service' }),
    expected,
  );
});

test('a port without name, or redirected below the Services, gets a name of its own', () => {
  assert.deepEqual(agentPortNames(template, { protocol: 'TCP', appPort: 8443, redirect: 'service' }), {
    names: ['tp-8443'],
    isShared: false,
  });
  assert.deepEqual(agentPortNames(template, { protocol: 'TCP', appPort: 8080, redirect: 'nftables' }).names, [
    'tp-8080',
  ]);
});

test('own names tell protocols apart and give way to names of the application', () => {
  assert.deepEqual(agentPortNames(template, { protocol: 'UDP', appPort: 54, redirect: 'nftables' }).names, [
    'tp-54-udp',
  ]);
  assert.deepEqual(agentPortNames(template, { protocol: 'TCP', appPort: 9090, redirect: 'service' }).names, [
    'tp-9090-2',
  ]);
});

test('own names fit into the 15 characters of a port name', () => {
  const [name] = agentPortNames(template, { protocol: 'UDP', appPort: 65535, redirect: 'nftables' }).names;
  assert.ok((name?.length ?? 16) <= 15);
});
