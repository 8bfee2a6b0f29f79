import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1EndpointSlice, V1Service } from '../../../../../src/kube/index.ts';
import { buildServicePorts } from '../../../../../src/sandbox/node/network/endpoint-table.ts';

const service: V1Service = {
  metadata: { name: 'shop', namespace: 'a' },
  spec: { clusterIP: '10.96.0.7', ports: [{ name: 'web', port: 80, nodePort: 30080 }] },
};

function slice(port: number, ...endpoints: V1EndpointSlice['endpoints']): V1EndpointSlice {
  return {
    metadata: { namespace: 'a', labels: { 'kubernetes.io/service-name': 'shop' } },
    addressType: 'IPv4',
    endpoints,
    ports: [{ name: 'web', port }],
  };
}

const build = (slices: V1EndpointSlice[]): ReturnType<typeof buildServicePorts> =>
  buildServicePorts({ services: [service], slices, endpoints: [] });

test('a Service port has the ready endpoints of all its slices, each with the port of its slice', () => {
  const table = build([
    slice(8080, { addresses: ['10.244.0.2'], conditions: { ready: true } }),
    slice(9090, { addresses: ['10.244.0.3'] }, { addresses: ['10.244.0.4'], conditions: { ready: false } }),
  ]);
  assert.deepEqual([...table.keys()], ['TCP 10.96.0.7:80', 'TCP 10.244.0.1:30080']);
  assert.deepEqual(table.get('TCP 10.96.0.7:80')?.backends, [
    { address: '10.244.0.2', port: 8080 },
    { address: '10.244.0.3', port: 9090 },
  ]);
});

test('endpoints that are ending answer only when no other is ready', () => {
  const ending = {
    addresses: ['10.244.0.4'],
    conditions: { ready: false, serving: true, terminating: true },
  };
  assert.equal(build([slice(80, ending)]).get('TCP 10.96.0.7:80')?.backends.length, 1);
  const ready = { addresses: ['10.244.0.2'], conditions: { ready: true } };
  assert.deepEqual(build([slice(80, ending, ready)]).get('TCP 10.96.0.7:80')?.backends, [
    { address: '10.244.0.2', port: 80 },
  ]);
});

test('a port without endpoints is not in the table, nor is a headless Service', () => {
  assert.equal(build([]).size, 0);
  const headless = {
    ...service,
    spec: { ...service.spec, clusterIP: 'None', ports: [{ name: 'web', port: 80 }] },
  };
  const slices = [slice(80, { addresses: ['10.244.0.2'] })];
  assert.equal(buildServicePorts({ services: [headless], slices, endpoints: [] }).size, 0);
});
