import assert from 'node:assert/strict';
import { delimiter } from 'node:path';
import { test } from 'node:test';
import { isToolError } from '../../../src/errors/index.ts';
import { defaultPaths, mergeKubeconfigs, parseKubeconfig } from '../../../src/kube/kubeconfig-file.ts';

const text = `
apiVersion: v1
kind: Config
current-context: one
contexts:
- name: one
  context: { cluster: east, user: ann }
clusters:
- name: east
  cluster: { server: https://east.example, certificate-authority: ca.crt }
users:
- name: ann
  user: { client-certificate: pki/ann.crt, client-key: /etc/ann.key, tokenFile: token }
- name: bob
  user: { exec: { apiVersion: client.authentication.k8s.io/v1, command: ./bin/login } }
- name: eve
  user: { exec: { apiVersion: client.authentication.k8s.io/v1, command: aws } }
`;

test('reads contexts, clusters and users by name', () => {
  const config = parseKubeconfig(text, '/home/ann/.kube/config');
  assert.equal(config.currentContext, 'one');
  assert.deepEqual(config.contexts.get('one'), { cluster: 'east', user: 'ann' });
  assert.equal(config.clusters.get('east')?.['server'], 'https://east.example');
  assert.deepEqual([...config.users.keys()], ['ann', 'bob', 'eve']);
});

test('relative file names are seen from the folder of the kubeconfig', () => {
  const { clusters, users } = parseKubeconfig(text, '/home/ann/.kube/config');
  assert.equal(clusters.get('east')?.['certificate-authority'], '/home/ann/.kube/ca.crt');
  assert.deepEqual(users.get('ann'), {
    'client-certificate': '/home/ann/.kube/pki/ann.crt',
    'client-key': '/etc/ann.key',
    tokenFile: '/home/ann/.kube/token',
  });
  assert.deepEqual(users.get('bob')?.['exec'], {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: '/home/ann/.kube/bin/login',
  });
  assert.equal((users.get('eve')?.['exec'] as { command: string }).command, 'aws');
});

test('an empty file, and JSON, are kubeconfigs', () => {
  assert.equal(parseKubeconfig('', 'a').contexts.size, 0);
  const json = JSON.stringify({ 'current-context': 'one', contexts: null, clusters: [{ name: 'a' }] });
  assert.deepEqual(parseKubeconfig(json, 'a').clusters.get('a'), {});
});

test('a file that is no kubeconfig is refused with its path', () => {
  for (const broken of ['a: [', '- a', 'contexts: 1', 'users: [{ user: {} }]', 'clusters: [1]']) {
    assert.throws(
      () => parseKubeconfig(broken, '/etc/kubeconfig'),
      (error) => isToolError(error, 'KUBECONFIG_INVALID') && error.details['path'] === '/etc/kubeconfig',
      broken,
    );
  }
});

test('of several files the first wins, for each name and for the current context', () => {
  const first = parseKubeconfig('clusters: [{ name: a, cluster: { server: https://one.example } }]', '/one');
  const second = parseKubeconfig(
    `current-context: two
clusters:
- { name: a, cluster: { server: https://two.example, proxy-url: "http://p" } }
- { name: b, cluster: { server: https://b.example } }`,
    '/two',
  );
  const third = parseKubeconfig('current-context: three', '/three');
  const merged = mergeKubeconfigs([first, second, third]);
  assert.equal(merged.currentContext, 'two');
  assert.deepEqual(merged.clusters.get('a'), { server: 'https://one.example' });
  assert.deepEqual(merged.clusters.get('b'), { server: 'https://b.example' });
  assert.equal(merged.source, ['/one', '/two', '/three'].join(delimiter));
});

test('the files come from KUBECONFIG, else from the home folder', () => {
  const places = { cwd: '/project', home: '/home/ann' };
  assert.deepEqual(defaultPaths({}, places), ['/home/ann/.kube/config']);
  assert.deepEqual(defaultPaths({ KUBECONFIG: '' }, places), ['/home/ann/.kube/config']);
  const KUBECONFIG = ['/a', '', 'b', '/a'].join(delimiter);
  assert.deepEqual(defaultPaths({ KUBECONFIG }, places), ['/a', '/project/b']);
});
