import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { isToolError, type ErrorCode } from '../../../src/errors/index.ts';
import { parseKubeconfig } from '../../../src/kube/kubeconfig-file.ts';
import { loadKubeconfig, selectContext, type ContextConfig } from '../../../src/kube/kubeconfig.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const text = `
current-context: full
contexts:
- { name: full, context: { cluster: full, user: full, namespace: demo } }
- { name: plain, context: { cluster: plain, user: plain } }
- { name: anonymous, context: { cluster: plain } }
- { name: no-cluster, context: { user: plain } }
- { name: lost-cluster, context: { cluster: gone, user: plain } }
- { name: lost-user, context: { cluster: plain, user: gone } }
- { name: no-server, context: { cluster: no-server, user: plain } }
- { name: odd-server, context: { cluster: odd-server, user: plain } }
- { name: bad-exec, context: { cluster: plain, user: bad-exec } }
clusters:
- name: full
  cluster:
    server: https://rancher.example/k8s/clusters/c1/
    certificate-authority-data: ${base64('CA')}
    certificate-authority: /ignored
    tls-server-name: kubernetes
    insecure-skip-tls-verify: true
    proxy-url: socks5://proxy:1080
    extensions:
    - { name: other, extension: { a: 1 } }
    - { name: client.authentication.k8s.io/exec, extension: { audience: x } }
- { name: plain, cluster: { server: "https://10.0.0.1:6443", certificate-authority: /etc/ca.crt } }
- { name: no-server, cluster: {} }
- { name: odd-server, cluster: { server: "unix:///run/x" } }
users:
- name: full
  user:
    client-certificate-data: ${base64('CERT')}
    client-key: /etc/key
    token: abc
    tokenFile: /etc/token
    username: ann
    password: 123
    as: bob
    as-uid: "7"
    as-groups: [dev, ops]
    as-user-extra: { scopes: [a, b] }
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: aws
      args: [eks, get-token, 5]
      env: [{ name: AWS_PROFILE, value: dev }]
      installHint: Install it
      provideClusterInfo: true
      interactiveMode: IfAvailable
    auth-provider: { name: oidc, config: {} }
- { name: plain, user: { token: abc } }
- { name: bad-exec, user: { exec: { command: aws } } }
`;

function select(context?: string): ContextConfig {
  return selectContext(parseKubeconfig(text, '/etc/kubeconfig'), context);
}

test('reads everything that a context can say', () => {
  assert.deepEqual(select(), {
    context: 'full',
    namespace: 'demo',
    cluster: {
      server: new URL('https://rancher.example/k8s/clusters/c1/'),
      authority: { kind: 'inline', pem: 'CA' },
      tlsServerName: 'kubernetes',
      skipTlsVerify: true,
      proxyUrl: 'socks5://proxy:1080',
      execExtension: { audience: 'x' },
    },
    user: {
      name: 'full',
      certificate: { kind: 'inline', pem: 'CERT' },
      key: { kind: 'file', path: '/etc/key' },
      token: 'abc',
      tokenFile: '/etc/token',
      basic: { username: 'ann', password: '123' },
      impersonate: {
        user: 'bob',
        uid: '7',
        groups: ['dev', 'ops'],
        extra: new Map([['scopes', ['a', 'b']]]),
      },
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: 'aws',
        args: ['eks', 'get-token', '5'],
        environment: { AWS_PROFILE: 'dev' },
        installHint: 'Install it',
        provideClusterInfo: true,
        interactiveMode: 'IfAvailable',
      },
      authProvider: { name: 'oidc', config: {} },
    },
  });
});

test('what is absent is undefined', () => {
  const { namespace, cluster, user } = select('plain');
  assert.equal(namespace, undefined);
  assert.deepEqual(cluster.authority, { kind: 'file', path: '/etc/ca.crt' });
  assert.equal(cluster.skipTlsVerify, false);
  assert.equal(cluster.proxyUrl, undefined);
  assert.equal(user.exec, undefined);
  assert.equal(user.impersonate, undefined);
});

test('a context may have no user', () => {
  assert.equal(select('anonymous').user.token, undefined);
});

test('a context that cannot be used is refused, with what is wrong', () => {
  const cases: [string, RegExp][] = [
    ['no-cluster', /context "no-cluster": it names no cluster/],
    ['lost-cluster', /there is no cluster "gone"/],
    ['lost-user', /there is no user "gone"/],
    ['no-server', /the cluster has no server/],
    ['odd-server', /neither https nor http/],
    ['bad-exec', /the credential plug-in has no apiVersion/],
  ];
  for (const [context, expected] of cases) {
    assert.throws(
      () => select(context),
      (error) => isToolError(error, 'KUBECONFIG_INVALID') && expected.test(error.message),
    );
  }
});

test('an unknown context is refused with the known ones', () => {
  assert.throws(
    () => select('nope'),
    (error) => isToolError(error, 'KUBECONFIG_CONTEXT_UNKNOWN') && error.message.includes('plain'),
  );
  assert.throws(
    () => selectContext(parseKubeconfig('', 'x')),
    (error) => isToolError(error, 'KUBECONFIG_NO_CONTEXT'),
  );
});

test('loadKubeconfig() reads and merges the files of KUBECONFIG, without those that are missing', async (t) => {
  const folder = await createTemporaryFolder(t);
  await writeFile(join(folder, 'a'), 'contexts: [{ name: a, context: { cluster: a } }]');
  await writeFile(
    join(folder, 'b'),
    'current-context: a\nclusters: [{ name: a, cluster: { server: https://a } }]',
  );
  const environment = { KUBECONFIG: ['a', 'missing', join(folder, 'b')].join(delimiter) };
  const config = await loadKubeconfig({ environment, cwd: folder });
  assert.equal(selectContext(config).cluster.server.hostname, 'a');
});

test('loadKubeconfig() reads the home folder without KUBECONFIG, and only named files when there are some', async (t) => {
  const folder = await createTemporaryFolder(t);
  await mkdir(join(folder, '.kube'));
  await writeFile(join(folder, '.kube', 'config'), 'current-context: home');
  await writeFile(join(folder, 'named'), 'current-context: named');
  const environment = { HOME: folder };
  assert.equal((await loadKubeconfig({ environment, cwd: '/' })).currentContext, 'home');
  const named = await loadKubeconfig({ paths: ['named'], environment, cwd: folder });
  assert.equal(named.currentContext, 'named');
});

test('loadKubeconfig() refuses a named file that is missing, and a list without any file', async (t) => {
  const folder = await createTemporaryFolder(t);
  const isCode = (code: ErrorCode) => (error: unknown) => isToolError(error, code);
  const missing = { paths: ['missing'], environment: {}, cwd: folder };
  await assert.rejects(loadKubeconfig(missing), isCode('KUBECONFIG_INVALID'));
  await assert.rejects(
    loadKubeconfig({ environment: { HOME: folder }, cwd: folder }),
    isCode('KUBECONFIG_INVALID'),
  );
  await assert.rejects(
    loadKubeconfig({ paths: [folder], environment: {}, cwd: '/' }),
    isCode('KUBECONFIG_INVALID'),
  );
});
