import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostsFile, resolvConf } from '../../../../../src/sandbox/node/pods/network-files.ts';

const metadata = { name: 'p', namespace: 'n' };

test('a pod asks the DNS server of the cluster, with its namespace first', () => {
  assert.equal(
    resolvConf({ metadata }),
    'search n.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
  );
  const dnsConfig = { nameservers: ['192.0.2.1'], options: [{ name: 'edns0' }] };
  assert.equal(
    resolvConf({ metadata, spec: { containers: [], dnsPolicy: 'None', dnsConfig } }),
    'nameserver 192.0.2.1\noptions edns0\n',
  );
});

test('a pod with a subdomain knows its full name', () => {
  const spec = {
    containers: [],
    hostname: 'h',
    subdomain: 's',
    hostAliases: [{ ip: '192.0.2.2', hostnames: ['x', 'y'] }],
  };
  const lines = hostsFile({ metadata, spec }, '10.244.0.2').split('\n');
  assert.ok(lines.includes('10.244.0.2\th.s.n.svc.cluster.local\th'));
  assert.ok(lines.includes('192.0.2.2\tx\ty'));
});
