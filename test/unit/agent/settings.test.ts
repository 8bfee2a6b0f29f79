import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from '../../../agent/settings.ts';
import { isToolError } from '../../../src/errors/index.ts';

const config = { version: 1, role: 'agent', workload: 'deploy/web', ports: [], containers: [] };

test('readSettings() reads what the template sets', () => {
  const settings = readSettings({
    TP_AGENT_CONFIG: JSON.stringify(config),
    TP_AGENT_POD: 'web-1',
    TP_AGENT_NAMESPACE: 'shop',
    TP_AGENT_POD_IP: '10.0.0.9',
  });
  assert.deepEqual(settings, { config, podName: 'web-1', namespace: 'shop', podIp: '10.0.0.9' });
});

for (const [what, value] of [
  ['nothing', undefined],
  ['no JSON', '{'],
  ['another version', JSON.stringify({ ...config, version: 2 })],
  ['a port out of range', JSON.stringify({ ...config, ports: [{ protocol: 'TCP', listenPort: 70000 }] })],
] as const)
  test(`readSettings() refuses ${what}, naming the variable`, () => {
    assert.throws(
      () => readSettings({ TP_AGENT_CONFIG: value }),
      (error) => isToolError(error, 'USAGE_INVALID') && error.message.includes('TP_AGENT_CONFIG'),
    );
  });
