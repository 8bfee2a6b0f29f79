import assert from 'node:assert/strict';
import { appendFile, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { followFile, readTail } from '../../../../cli/logs/tail.ts';
import { createFakeClock, type FakeClock } from '../../../support/fake-clock.ts';
import { createTemporaryFolder } from '../../../support/temporary-folder.ts';

async function createLog(t: TestContext, text: string): Promise<string> {
  const path = join(await createTemporaryFolder(t), 'log');
  await writeFile(path, text);
  return path;
}

test('readTail() returns the last lines and where they end', async (t) => {
  const path = await createLog(t, 'one\ntwo\nthree\n');
  assert.deepEqual(await readTail(path, 2), { lines: ['two', 'three'], endOffset: 14 });
  assert.deepEqual(await readTail(path, 9), { lines: ['one', 'two', 'three'], endOffset: 14 });
});

test('readTail() leaves a line that is being written', async (t) => {
  assert.deepEqual(await readTail(await createLog(t, 'one\ntw'), 5), { lines: ['one'], endOffset: 4 });
  assert.deepEqual(await readTail(await createLog(t, 'on'), 5), { lines: [], endOffset: 0 });
});

test('readTail() finds nothing in an empty or missing file', async (t) => {
  assert.deepEqual(await readTail(await createLog(t, ''), 5), { lines: [], endOffset: 0 });
  assert.deepEqual(await readTail('/nowhere/log', 5), { lines: [], endOffset: 0 });
});

test('readTail() reads backwards over more than one piece of the file', async (t) => {
  const lines = Array.from({ length: 5000 }, (_, index) => `line ${index} ${'ä'.repeat(30)}`);
  const path = await createLog(t, lines.map((line) => `${line}\n`).join(''));
  assert.deepEqual((await readTail(path, 4000)).lines, lines.slice(1000));
});

/** Moves the clock until the iterator has a line: polling waits for real file operations in between. */
async function next(lines: AsyncGenerator<string, void>, clock: FakeClock): Promise<string | undefined> {
  const state = { isSettled: false };
  const result = lines.next().finally(() => (state.isSettled = true));
  while (!state.isSettled) await clock.advance(250);
  return (await result).value ?? undefined;
}

test('followFile() yields what is added, also across a rotation, until it is told to stop', async (t) => {
  const path = await createLog(t, 'one\n');
  const clock = createFakeClock();
  const controller = new AbortController();
  const lines = followFile(path, 4, { clock, signal: controller.signal });
  await appendFile(path, 'two\nthr');
  assert.equal(await next(lines, clock), 'two');
  await appendFile(path, 'ee\n');
  assert.equal(await next(lines, clock), 'three');
  await rename(path, `${path}.1`);
  await writeFile(path, 'four\n');
  assert.equal(await next(lines, clock), 'four');
  await truncate(path);
  const pending = next(lines, clock);
  await clock.advance(250);
  await appendFile(path, 'x\n');
  assert.equal(await pending, 'x');
  controller.abort();
  assert.equal(await next(lines, clock), undefined);
  assert.equal(clock.pendingTimers, 0);
});
