import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isKubeletProbe } from '../../../agent/probe.ts';

for (const [fields, expected] of [
  [[['user-agent', 'kube-probe/1.30']], true],
  [
    [
      ['host', 'x'],
      ['user-agent', 'kube-probe/1.20+'],
    ],
    true,
  ],
  [[['user-agent', 'curl/8 kube-probe/1.30']], false],
  [[['user-agent', 'kube-probing']], false],
  [[['x-user-agent', 'kube-probe/1.30']], false],
  [[], false],
] as const)
  test(`isKubeletProbe() says ${String(expected)} to ${JSON.stringify(fields)}`, () => {
    const head = { method: 'GET', target: '/', fields: fields.map(([name, value]) => ({ name, value })) };
    assert.equal(isKubeletProbe(head), expected);
  });
