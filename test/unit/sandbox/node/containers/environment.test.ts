import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildEnvironment,
  expand,
  type EnvironmentSources,
} from '../../../../../src/sandbox/node/containers/environment.ts';

const sources: EnvironmentSources = {
  pod: { metadata: { name: 'p', namespace: 'n' }, spec: { containers: [] } },
  podAddress: '10.244.0.2',
  hostname: 'p',
  imageEnv: { FROM: 'image' },
  services: [
    {
      metadata: { name: 'my-db', namespace: 'n' },
      spec: { clusterIP: '10.96.0.9', ports: [{ name: 'sql', port: 5432 }] },
    },
  ],
  configMap: (name) => (name === 'there' ? { data: { key: 'value' } } : undefined),
  secret: () => undefined,
};

test('expand() knows what was before, keeps what it does not know, and $$ is a dollar sign', () => {
  assert.equal(expand('$(A) $(B) $$(A) $A', new Map([['A', '1']])), '1 $(B) $(A) $A');
});

test('buildEnvironment() has the image, the Services, and the container over both', () => {
  const env = buildEnvironment(
    { name: 'c', env: [{ name: 'FROM', value: '$(MY_DB_SERVICE_HOST)' }] },
    sources,
  );
  assert.equal(env.get('FROM'), '10.96.0.9');
  assert.equal(env.get('MY_DB_SERVICE_PORT_SQL'), '5432');
  assert.equal(env.get('MY_DB_PORT_5432_TCP'), 'tcp://10.96.0.9:5432');
  assert.equal(env.get('HOSTNAME'), 'p');
});

test('buildEnvironment() refuses what is missing and not optional, in the words of the kubelet', () => {
  const from = (configMapKeyRef: { name: string; key: string; optional?: boolean }): Map<string, string> =>
    buildEnvironment({ name: 'c', env: [{ name: 'X', valueFrom: { configMapKeyRef } }] }, sources);
  assert.equal(from({ name: 'there', key: 'key' }).get('X'), 'value');
  assert.throws(() => from({ name: 'gone', key: 'key' }), /^ConfigError: configmap "gone" not found$/);
  assert.throws(() => from({ name: 'there', key: 'none' }), /couldn't find key none in ConfigMap n\/there/);
  assert.equal(from({ name: 'gone', key: 'key', optional: true }).has('X'), false);
});
