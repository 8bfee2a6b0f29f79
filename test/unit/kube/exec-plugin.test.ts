import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isToolError } from '../../../src/errors/index.ts';
import { encodeExecInfo, parseExecCredential } from '../../../src/kube/exec-plugin.ts';
import type { ClusterConfig, ExecConfig } from '../../../src/kube/kubeconfig.ts';

const apiVersion = 'client.authentication.k8s.io/v1';
const plugin = { apiVersion, command: 'login' };
const exec: ExecConfig = {
  ...plugin,
  args: [],
  environment: {},
  installHint: undefined,
  provideClusterInfo: true,
  interactiveMode: undefined,
};
const cluster: ClusterConfig = {
  server: new URL('https://api.example/base/'),
  authority: undefined,
  tlsServerName: 'kubernetes',
  skipTlsVerify: false,
  proxyUrl: undefined,
  execExtension: { audience: 'x' },
};

function printed(status: object, fields: object = {}): string {
  return JSON.stringify({ apiVersion, kind: 'ExecCredential', status, ...fields });
}

test('reads a token with its expiry', () => {
  const output = printed({ token: 'abc', expirationTimestamp: '2026-01-01T00:00:00Z' });
  assert.deepEqual(parseExecCredential(output, plugin), {
    token: 'abc',
    certificate: undefined,
    key: undefined,
    expiresAtMs: Date.UTC(2026, 0, 1),
  });
});

test('reads a client certificate with its key', () => {
  const output = printed({
    clientCertificateData: 'CERT',
    clientKeyData: 'KEY',
    expirationTimestamp: 'soon',
  });
  assert.deepEqual(parseExecCredential(output, plugin), {
    token: undefined,
    certificate: 'CERT',
    key: 'KEY',
    expiresAtMs: undefined,
  });
});

test('refuses what is no credential, without quoting it', () => {
  const outputs = [
    '',
    'Please log in: secret',
    '[]',
    printed({}, { kind: 'Secret' }),
    printed({ token: 'secret' }, { apiVersion: 'client.authentication.k8s.io/v1beta1' }),
    printed({}),
    printed({ clientCertificateData: 'secret' }),
    JSON.stringify({ apiVersion, kind: 'ExecCredential' }),
  ];
  for (const output of outputs) {
    assert.throws(
      () => parseExecCredential(output, plugin),
      (error) =>
        isToolError(error, 'KUBECONFIG_CREDENTIALS_FAILED') &&
        error.message.includes('"login"') &&
        !error.message.includes('secret'),
      output,
    );
  }
});

test('tells the plug-in about the cluster when it asks for that', () => {
  assert.deepEqual(JSON.parse(encodeExecInfo(exec, cluster, 'CA')), {
    apiVersion,
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      cluster: {
        server: 'https://api.example/base',
        'tls-server-name': 'kubernetes',
        'certificate-authority-data': Buffer.from('CA').toString('base64'),
        config: { audience: 'x' },
      },
    },
  });
  const withoutCluster = encodeExecInfo({ ...exec, provideClusterInfo: false }, cluster, 'CA');
  assert.deepEqual(JSON.parse(withoutCluster), {
    apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false },
  });
});
