import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findStaleLead, type ExpectedLead } from '../../../src/intercepts/endpoints.ts';
import type { V1Endpoints } from '../../../src/kube/index.ts';
import { pod } from '../../support/kube-objects.ts';

const lead: ExpectedLead = { service: 'web', port: 80, portName: 'http', protocol: 'TCP', podPort: 19810 };
const [old, fresh] = [pod('old'), pod('new')];

function endpoints(name: string, port: number, ...pods: string[]): V1Endpoints {
  const addresses = pods.map((target) => ({ ip: '10.0.0.1', targetRef: { kind: 'Pod', name: target } }));
  return { subsets: [{ addresses, ports: [{ name, port, protocol: 'TCP' }] }] };
}

const stale = (of: V1Endpoints | undefined, expected = lead): string | undefined =>
  findStaleLead(of, expected, { own: [old, fresh], current: [fresh] });

test('a Service that leads to current pods only is as expected', () => {
  assert.equal(stale(endpoints('http', 19810, 'new')), undefined);
});

test('another port and an old pod are stale', () => {
  assert.match(stale(endpoints('http', 8080, 'new')) ?? '', /svc\/web:80 still leads to port 8080 of new/);
  assert.match(stale(endpoints('http', 19810, 'new', 'old')) ?? '', /still leads to port 19810 of old/);
});

test('without any address of a current pod it is not there yet', () => {
  assert.match(stale(undefined) ?? '', /does not yet lead to port 19810 of any pod/);
  assert.match(stale(endpoints('admin', 19810, 'new')) ?? '', /does not yet lead/);
});

test('without current pods there is nothing to lead to', () => {
  assert.equal(findStaleLead({}, lead, { own: [old], current: [] }), undefined);
});

test('pods of other workloads may be led to', () => {
  assert.equal(
    stale({
      subsets: [
        ...(endpoints('http', 19810, 'new').subsets ?? []),
        ...(endpoints('http', 8080, 'canary').subsets ?? []),
      ],
    }),
    undefined,
  );
});

test('a Service with one unnamed port, and another protocol', () => {
  const subset = {
    addresses: [{ ip: '10.0.0.1', targetRef: { name: 'new' } }],
    ports: [{ port: 53, protocol: 'UDP' }, { port: 54 }],
  };
  assert.equal(
    stale({ subsets: [subset] }, { ...lead, portName: undefined, protocol: 'UDP', podPort: 53 }),
    undefined,
  );
  assert.equal(stale({ subsets: [subset] }, { ...lead, portName: undefined, podPort: 54 }), undefined);
});
