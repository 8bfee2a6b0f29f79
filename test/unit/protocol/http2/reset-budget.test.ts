import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resetBurst, resetsPerSecond } from '../../../../src/protocol/http2/limits.ts';
import { ResetBudget } from '../../../../src/protocol/http2/reset-budget.ts';
import { raises } from '../../../support/assert-raises.ts';

test('a burst is allowed, then so many each second', () => {
  const budget = new ResetBudget(0);
  for (let count = 0; count < resetBurst; count += 1) budget.take(0);
  assert.throws(() => budget.take(0), raises('HTTP_PROTOCOL', /ENHANCE_YOUR_CALM/));
  const later = new ResetBudget(0);
  for (let count = 0; count < resetBurst; count += 1) later.take(0);
  for (let count = 0; count < resetsPerSecond; count += 1) later.take(1000);
  assert.throws(() => later.take(1000), raises('HTTP_PROTOCOL'));
});

test('what is saved up is never more than the burst', () => {
  const budget = new ResetBudget(0);
  for (let count = 0; count < resetBurst; count += 1) budget.take(1e9);
  assert.throws(() => budget.take(1e9));
});
