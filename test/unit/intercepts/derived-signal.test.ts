import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { deriveSignal } from '../../../src/intercepts/derived-signal.ts';

test('a derived signal aborts with the first of its sources, for the same reason', () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const derived = deriveSignal(first.signal, second.signal);
  assert.equal(derived.aborted, false);
  second.abort(new Error('enough'));
  assert.equal((derived.reason as Error).message, 'enough');
});

test('any number of requests may listen to it', async (t) => {
  const warnings: string[] = [];
  const onWarning = ({ name }: Error): void => void warnings.push(name);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const derived = deriveSignal(new AbortController().signal);
  for (let count = 0; count < 20; count += 1) derived.addEventListener('abort', () => undefined);
  await setImmediate();
  assert.deepEqual(warnings, []);
});
