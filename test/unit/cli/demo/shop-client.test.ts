import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPath } from '../../../../cli/demo/shop-client.ts';

test('formatPath() draws one line for each service, below the one that asked it', () => {
  const catalog = { service: 'catalog', by: 'pod-3', calls: [] };
  const orders = { service: 'orders', by: 'pod-2', calls: [catalog] };
  assert.equal(
    formatPath({ service: 'web', by: 'pod-1\u001b[2J', calls: [catalog, orders] }),
    '  web: pod-1 [2J\n    -> catalog: pod-3\n    -> orders: pod-2\n      -> catalog: pod-3\n',
  );
});
