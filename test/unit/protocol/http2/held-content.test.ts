import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldContent } from '../../../../src/protocol/http2/held-content.ts';
import { heldContentLimitBytes } from '../../../../src/protocol/http2/limits.ts';

test('it is full at its limit, and not any more when content is given back', () => {
  const held = new HeldContent();
  held.add(heldContentLimitBytes);
  assert.ok(held.isFull);
  held.add(-1);
  assert.deepEqual([held.isFull, held.sizeBytes], [false, heldContentLimitBytes - 1]);
});
