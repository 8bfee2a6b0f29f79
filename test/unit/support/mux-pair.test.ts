import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryCarriers } from '../../support/carriers.ts';
import { createMuxPair, readText, until } from '../../support/mux-pair.ts';

test('accept() gives the streams of the client in order, whichever comes first', async () => {
  const { open, accept, client } = createMuxPair({ carriers: createMemoryCarriers() });
  const early = accept();
  open().end('first');
  open().end('second');
  assert.equal(await readText(await early), 'first');
  assert.equal(await readText(await accept()), 'second');
  client.destroy();
});

test('readText() leaves the other half of a Duplex alone', async () => {
  const [near, far] = createMemoryCarriers();
  near.end('question');
  assert.equal(await readText(far), 'question');
  far.end('answer');
  assert.equal(await readText(near), 'answer');
});

test('until() waits for the condition, and fails when it does not come', async () => {
  let rounds = 0;
  await until(() => (rounds += 1) > 3);
  assert.equal(rounds, 4);
  await assert.rejects(
    until(() => false, 5),
    /Not so after 5 ms: \(\) => false/,
  );
});
