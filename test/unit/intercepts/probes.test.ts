import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probesOfPort } from '../../../src/intercepts/probes.ts';
import { container, port } from '../../support/kube-objects.ts';

const containers = [
  container('app', [port(8080, 'http')], {
    livenessProbe: { httpGet: { port: 'http' } },
    readinessProbe: { tcpSocket: { port: 8080 } },
    startupProbe: { exec: { command: ['true'] } },
  }),
  container('side', [port(9090, 'http')], {
    livenessProbe: { grpc: { port: 9090 } },
    readinessProbe: { httpGet: { port: 'http' } },
  }),
];

test('probes are found by number, and by the name of a port of their own container', () => {
  assert.deepEqual(probesOfPort(containers, 8080), [
    { container: 'app', name: 'livenessProbe', kind: 'http' },
    { container: 'app', name: 'readinessProbe', kind: 'tcp' },
  ]);
  assert.deepEqual(probesOfPort(containers, 9090), [
    { container: 'side', name: 'livenessProbe', kind: 'grpc' },
    { container: 'side', name: 'readinessProbe', kind: 'http' },
  ]);
  assert.deepEqual(probesOfPort(containers, 7070), []);
});
