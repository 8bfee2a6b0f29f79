import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environmentOf } from '../../../agent/environment.ts';
import type { AgentConfig } from '../../../src/contract/index.ts';
import { isToolError } from '../../../src/errors/index.ts';

const config: AgentConfig = {
  version: 1,
  role: 'agent',
  workload: 'deploy/web',
  ports: [],
  containers: [
    { name: 'web', environmentPrefix: 'TP_APP_0_' },
    { name: 'sidecar', environmentPrefix: 'TP_APP_1_' },
  ],
};
const environment = {
  TP_APP_0_COLOR: 'red',
  TP_APP_1_COLOR: 'blue',
  TP_AGENT_CONFIG: '{}',
  TP_AGENT_POD: 'web-1',
  PATH: '/image',
  NODE_VERSION: '24',
  NODE_ENV: 'production',
  HOSTNAME: 'web-1',
  CATALOG_SERVICE_HOST: '10.0.0.1',
};

test('environmentOf() gives the container its own values and what Kubernetes gives to all', () => {
  assert.deepEqual(environmentOf('web', config, environment), {
    COLOR: 'red',
    HOSTNAME: 'web-1',
    CATALOG_SERVICE_HOST: '10.0.0.1',
  });
  assert.equal(environmentOf('sidecar', config, environment)['COLOR'], 'blue');
});

test('a variable of the container wins over one of the pod', () => {
  const own = { ...environment, TP_APP_0_HOSTNAME: 'mine', TP_APP_0_PATH: '/app' };
  const variables = environmentOf('web', config, own);
  assert.equal(variables['HOSTNAME'], 'mine');
  assert.equal(variables['PATH'], '/app');
});

test('a reference that no ConfigMap resolved is what it would be in the container', () => {
  const referring = {
    ...environment,
    TP_APP_0_URL: 'http://$(TP_APP_0_CATALOG_SERVICE_HOST)/$(TP_APP_0_UNKNOWN)',
  };
  assert.equal(environmentOf('web', config, referring)['URL'], 'http://10.0.0.1/$(UNKNOWN)');
});

test('an unknown container is refused with the known ones', () => {
  assert.throws(
    () => environmentOf('db', config, environment),
    (error) => isToolError(error, 'CONTAINER_NOT_FOUND') && error.message.includes('web, sidecar'),
  );
});
