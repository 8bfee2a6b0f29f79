import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatNsswitch, formatResolvConf, zoneOf } from '../../../src/dns/index.ts';

test('formatResolvConf() takes the cluster part of the search path', () => {
  assert.equal(
    formatResolvConf('192.0.0.2', ['shop.svc.k8s.example', 'svc.k8s.example', 'k8s.example', 'corp.example']),
    'nameserver 192.0.0.2\nsearch shop.svc.k8s.example svc.k8s.example k8s.example\noptions ndots:5 timeout:5 attempts:2\n',
  );
});

test('zoneOf() without a search path is the usual zone', () => {
  assert.equal(zoneOf([]), 'cluster.local');
  assert.equal(zoneOf(['shop.svc.k8s.example', 'svc.k8s.example']), 'k8s.example');
});

test('formatNsswitch() replaces the line of hosts only', () => {
  assert.equal(
    formatNsswitch('passwd: files\nhosts:  files mdns4 resolve dns\n# hosts: old\n'),
    'hosts: files dns\npasswd: files\n# hosts: old\n',
  );
});
