import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  appContainers,
  declaredPorts,
  describePort,
  findPortByName,
  isHeadless,
  isSupportedProtocol,
  namesOfPort,
  resolveTargetPort,
} from '../../../src/intercepts/template-ports.ts';
import { container, port, service, servicePort } from '../../support/kube-objects.ts';

const template = {
  spec: {
    containers: [
      container('tp-agent', [port(19810, 'http')]),
      container('web', [port(8080, 'http'), port(8080, 'metrics'), port(53, 'dns', 'UDP'), port(7000)]),
      container('side', [port(9090, 'http'), port(9091, 'admin'), { containerPort: 5 }]),
    ],
  },
};

test('the agent is not one of the application containers', () => {
  assert.deepEqual(
    appContainers(template).map(({ name }) => name),
    ['web', 'side'],
  );
});

test('declaredPorts() fills in the default protocol', () => {
  assert.deepEqual(declaredPorts(template).at(-1), { protocol: 'TCP', containerPort: 5, container: 'side' });
});

test('findPortByName() takes the first container, and minds the protocol, as Kubernetes does', () => {
  assert.equal(findPortByName(template, 'http', 'TCP')?.containerPort, 8080);
  assert.equal(findPortByName(template, 'dns', 'UDP')?.containerPort, 53);
  assert.equal(findPortByName(template, 'dns', 'TCP'), undefined);
});

test('namesOfPort() gives all names of a port, but none that an earlier container uses for another', () => {
  assert.deepEqual(namesOfPort(template, 'TCP', 8080), ['http', 'metrics']);
  assert.deepEqual(namesOfPort(template, 'TCP', 9090), []);
  assert.deepEqual(namesOfPort(template, 'TCP', 7000), []);
});

test('resolveTargetPort() reads numbers, names and the default', () => {
  assert.equal(resolveTargetPort(template, servicePort(80, 8080)), 8080);
  assert.equal(resolveTargetPort(template, servicePort(80, 'admin')), 9091);
  assert.equal(resolveTargetPort(template, servicePort(80, 'absent')), undefined);
  assert.equal(resolveTargetPort(template, { port: 80 }), 80);
});

test('ports are described as people tell them apart', () => {
  assert.equal(describePort(80), '80');
  assert.equal(describePort(53, 'UDP', 'dns'), '53/UDP (dns)');
});

test('SCTP is not supported', () => {
  assert.deepEqual(['TCP', 'UDP', 'SCTP'].map(isSupportedProtocol), [true, true, false]);
});

test('isHeadless() knows Services without an address', () => {
  assert.equal(isHeadless(service('db', [], { headless: true })), true);
  assert.equal(isHeadless(service('db', [])), false);
});
