import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerQuestion, type ZoneObjects } from '../../../../../src/sandbox/node/dns/zone.ts';

const objects: ZoneObjects = {
  services: [
    {
      metadata: { name: 'shop', namespace: 'a' },
      spec: { clusterIP: '10.96.0.7', ports: [{ name: 'web', port: 80 }] },
    },
    {
      metadata: { name: 'team', namespace: 'a' },
      spec: { clusterIP: 'None', ports: [{ name: 'web', port: 80 }] },
    },
    {
      metadata: { name: 'away', namespace: 'a' },
      spec: { type: 'ExternalName', externalName: 'example.com' },
    },
  ],
  slices: [
    {
      metadata: { namespace: 'a', labels: { 'kubernetes.io/service-name': 'team' } },
      addressType: 'IPv4',
      endpoints: [
        { addresses: ['10.244.0.2'], hostname: 'team-0', conditions: { ready: true } },
        { addresses: ['10.244.0.3'], conditions: { ready: false } },
      ],
      ports: [{ name: 'web', port: 8080 }],
    },
  ],
  endpoints: [],
  pods: [{ metadata: { namespace: 'a' }, status: { podIP: '10.244.0.9' } }],
};
const ask = (name: string, type = 'A'): ReturnType<typeof answerQuestion> =>
  answerQuestion({ name, type }, objects);
const data = (name: string, type = 'A'): unknown[] => ask(name, type).answers.map((answer) => answer.data);

test('a Service has its address, in any case of letters, and the answer has the name that was asked', () => {
  assert.deepEqual(ask('Shop.a.svc.Cluster.local').answers, [
    { name: 'Shop.a.svc.Cluster.local', type: 'A', data: '10.96.0.7' },
  ]);
});

test('a headless Service has the addresses of its ready endpoints, each under a name of its own', () => {
  assert.deepEqual(data('team.a.svc.cluster.local'), ['10.244.0.2']);
  assert.deepEqual(data('team-0.team.a.svc.cluster.local'), ['10.244.0.2']);
  assert.equal(ask('10-244-0-3.team.a.svc.cluster.local').code, 'NXDOMAIN');
});

test('SRV names the port of the Service, or for a headless one that of the endpoint', () => {
  const [record] = data('_web._tcp.team.a.svc.cluster.local', 'SRV') as { port: number; target: string }[];
  assert.deepEqual([record?.port, record?.target], [8080, 'team-0.team.a.svc.cluster.local']);
  assert.equal((data('_web._tcp.shop.a.svc.cluster.local', 'SRV')[0] as { port: number }).port, 80);
  assert.equal(ask('_other._tcp.shop.a.svc.cluster.local', 'SRV').code, 'NXDOMAIN');
});

test('ExternalName is an alias; the name behind it is not looked up elsewhere', () => {
  assert.deepEqual(ask('away.a.svc.cluster.local').answers, [
    { name: 'away.a.svc.cluster.local', type: 'CNAME', data: 'example.com' },
  ]);
});

test('pods have a name of their address, and addresses have names', () => {
  assert.deepEqual(data('10-244-0-9.a.pod.cluster.local'), ['10.244.0.9']);
  assert.equal(ask('10-244-0-8.a.pod.cluster.local').code, 'NXDOMAIN');
  assert.deepEqual(data('7.0.96.10.in-addr.arpa', 'PTR'), ['shop.a.svc.cluster.local']);
  assert.deepEqual(data('2.0.244.10.in-addr.arpa', 'PTR'), ['team-0.team.a.svc.cluster.local']);
});

test('no such name is NXDOMAIN, no such type is an empty answer, no such zone is REFUSED', () => {
  assert.equal(ask('none.a.svc.cluster.local').code, 'NXDOMAIN');
  assert.deepEqual(ask('shop.a.svc.cluster.local', 'AAAA'), {
    code: 'NOERROR',
    answers: [],
    additionals: [],
  });
  assert.equal(ask('example.com').code, 'REFUSED');
});
