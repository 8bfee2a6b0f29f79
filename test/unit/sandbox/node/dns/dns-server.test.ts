import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerMessage } from '../../../../../src/sandbox/node/dns/dns-server.ts';
import type { ZoneObjects } from '../../../../../src/sandbox/node/dns/zone.ts';

const many: ZoneObjects = {
  services: [
    { metadata: { name: 'team', namespace: 'a' }, spec: { clusterIP: 'None', ports: [{ port: 80 }] } },
  ],
  slices: [],
  endpoints: [
    {
      metadata: { name: 'team', namespace: 'a' },
      subsets: [{ addresses: Array.from({ length: 60 }, (_, index) => ({ ip: `10.244.1.${index}` })) }],
    },
  ],
  pods: [],
};

/** RFC 1035 section 4.1: id 7, recursion desired, one question. */
function query(name: string): Buffer {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1]);
}

test('answerMessage() cuts what does not fit UDP and says so; by TCP all of it comes', () => {
  const udp = answerMessage(query('team.a.svc.cluster.local'), many, 'udp');
  assert.equal(udp?.readUInt16BE(0), 7);
  assert.equal((udp.readUInt16BE(2) & 0x0200) !== 0, true, 'truncated');
  assert.equal(udp.readUInt16BE(6), 0);
  const tcp = answerMessage(query('team.a.svc.cluster.local'), many, 'tcp');
  assert.equal(tcp?.readUInt16BE(6), 60);
});

test('answerMessage() says why there is no answer, with the zone for caches of that', () => {
  const absent = answerMessage(query('none.a.svc.cluster.local'), many, 'udp');
  assert.equal((absent?.readUInt16BE(2) ?? 0) & 15, 3);
  assert.equal(absent?.readUInt16BE(8), 1, 'one SOA');
  const foreign = answerMessage(query('example.com'), many, 'udp');
  assert.equal((foreign?.readUInt16BE(2) ?? 0) & 15, 5);
});

test('answerMessage() does not answer answers, nor what is no message', () => {
  const answer = query('example.com');
  answer.writeUInt16BE(0x8180, 2);
  assert.equal(answerMessage(answer, many, 'udp'), undefined);
  assert.equal(answerMessage(Buffer.from([1, 2, 3]), many, 'udp'), undefined);
});
