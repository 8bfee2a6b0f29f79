import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { LINGER_MS, endGracefully } from '../../../agent/end-gracefully.ts';
import { createDuplexPair } from '../../support/duplex-pair.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

test('endGracefully() sends the end, drops what still comes and waits for the other end', async () => {
  const { a: near, b: far } = createDuplexPair();
  const clock = createFakeClock();
  near.write('last');
  endGracefully(near, clock);
  far.write('too late');
  const chunks: Buffer[] = [];
  far.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(far, 'end');
  assert.equal(Buffer.concat(chunks).toString(), 'last');
  assert.equal(near.destroyed, false);
  far.end();
  await once(near, 'close');
  assert.equal(clock.pendingTimers, 0);
});

test('endGracefully() does not wait for ever', async () => {
  const { a: near } = createDuplexPair();
  const clock = createFakeClock();
  endGracefully(near, clock);
  await clock.advance(LINGER_MS - 1);
  assert.equal(near.destroyed, false);
  await clock.advance(1);
  assert.equal(near.destroyed, true);
});

test('endGracefully() leaves a closed stream alone, and survives one that breaks', async () => {
  const { a: near, b: far } = createDuplexPair();
  const clock = createFakeClock();
  endGracefully(near, clock);
  const closed = new Promise((resolve) => near.once('close', resolve));
  far.on('error', () => undefined);
  far.destroy(new Error('reset'));
  await closed;
  endGracefully(near, clock);
  assert.equal(clock.pendingTimers, 0);
});
