import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExplainRequest, ExplainResult } from '../../../../src/contract/index.ts';
import { createCliRunner } from '../../../support/cli-runner.ts';

const result: ExplainResult = {
  workload: 'deploy/web',
  ports: [
    {
      port: 8080,
      asked: [
        { holder: 'ada@laptop', rule: { kind: 'key', value: 'ada' }, verdict: 'no-match' },
        { holder: 'bob@laptop', rule: { kind: 'key', value: 'bob' }, verdict: 'gets-it' },
        { holder: 'eve@laptop', verdict: 'late' },
      ],
    },
  ],
};

test('tp explain shows the order, what each rule says, and who gets the request', async (t) => {
  const asked: ExplainRequest['request'][] = [];
  const { tp } = await createCliRunner(t, {
    explain: ({ request }) => {
      asked.push(request);
      return Promise.resolve({ result });
    },
  });
  assert.equal(
    (await tp('explain', 'web', 'post /cart?id=1', '-H', 'X-TP-Key: bob', '-H', 'x-a: ~*b')).stdout,
    [
      'Port 8080 of deploy/web: the request goes to bob@laptop',
      'ASKED IN THIS ORDER   REQUESTS           VERDICT',
      'ada@laptop            key ada            does not match',
      'bob@laptop            key bob            gets it',
      'eve@laptop            all that is left   matches, too late',
      '',
    ].join('\n'),
  );
  assert.deepEqual(JSON.parse((await tp('explain', 'web', '/', '-o', 'json')).stdout), result);
  const fields = [
    { name: 'x-tp-key', value: 'bob' },
    { name: 'x-a', value: '~*b' },
  ];
  assert.deepEqual(asked, [
    { method: 'POST', target: '/cart?id=1', fields },
    { method: 'GET', target: '/', fields: [] },
  ]);
});

test('tp explain says so when the pods answer', async (t) => {
  const results: ExplainResult[] = [
    { workload: 'deploy/web', ports: [] },
    { workload: 'deploy/web', ports: [{ port: 80, asked: [{ holder: 'ada', verdict: 'no-match' }] }] },
  ];
  const { tp } = await createCliRunner(t, {
    explain: () => Promise.resolve({ result: results.shift() as ExplainResult }),
  });
  assert.equal(
    (await tp('explain', 'web', '/')).stdout,
    'Nobody intercepts deploy/web: its own pods answer\n',
  );
  assert.match((await tp('explain', 'web', '/')).stdout, /goes to the pods: no rule matches$/m);
});

for (const request of ['', 'cart', 'GET', 'GET /a b', 'GET  '])
  test(`tp explain cannot read "${request}"`, async (t) => {
    const { tp } = await createCliRunner(t, {});
    const { exitCode, stderr } = await tp('explain', 'web', request);
    assert.equal(exitCode, 2);
    assert.match(stderr, /GET \/cart/);
  });
