import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackendChoice } from '../../../../../src/sandbox/node/network/backend-choice.ts';
import type { ServicePort } from '../../../../../src/sandbox/node/network/endpoint-table.ts';

const backends = ['a', 'b'].map((address) => ({ address, port: 1 }));
const port: ServicePort = { protocol: 'TCP', address: 's', port: 80, backends, affinityMs: 0 };

test('choose() takes backends in turn', () => {
  const choice = new BackendChoice(port);
  assert.deepEqual(
    [0, 1, 2].map(() => choice.choose('x', 0).address),
    ['a', 'b', 'a'],
  );
});

test('choose() keeps a client with its backend while the affinity lasts and the backend is there', () => {
  const choice = new BackendChoice({ ...port, affinityMs: 100 });
  assert.deepEqual([choice.choose('x', 0).address, choice.choose('y', 0).address], ['a', 'b']);
  assert.equal(choice.choose('x', 99).address, 'a');
  choice.update({ ...port, affinityMs: 100, backends: backends.slice(1) });
  assert.equal(choice.choose('x', 100).address, 'b');
});
