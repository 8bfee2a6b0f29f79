import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ContainerLog } from '../../../../../src/sandbox/node/containers/container-log.ts';
import { MAX_LOG_BYTES } from '../../../../../src/sandbox/node/limits.ts';
import { createFakeClock } from '../../../../support/fake-clock.ts';

const plain = { follow: false, timestamps: false };
const never = new AbortController().signal;

async function textOf(log: ContainerLog, options: object = {}): Promise<string> {
  return Buffer.concat((await log.read({ ...plain, ...options }, never).toArray()) as Buffer[]).toString();
}

test('lines of two streams are whole, whatever pieces they come in', async () => {
  const log = new ContainerLog(createFakeClock());
  const [stdout, stderr] = [log.createStream(), log.createStream()];
  stdout.write(Buffer.from('on'));
  stderr.write(Buffer.from('two\nth'));
  stdout.write(Buffer.from('e\n'));
  stderr.end();
  assert.equal(await textOf(log), 'two\none\nth');
});

test('read() gives the last lines, those since a time, and so many bytes', async () => {
  const clock = createFakeClock();
  const log = new ContainerLog(clock);
  const stream = log.createStream();
  stream.write(Buffer.from('one\n'));
  await clock.advance(5000);
  stream.write(Buffer.from('two\nthree\n'));
  assert.equal(await textOf(log, { tailLines: 1 }), 'three\n');
  assert.equal(await textOf(log, { sinceMs: clock.epochMs() }), 'two\nthree\n');
  assert.equal(await textOf(log, { limitBytes: 5 }), 'one\nt');
  assert.match(
    await textOf(log, { timestamps: true, tailLines: 1 }),
    /^\d{4}-\d\d-\d\dT[\d:]+\.\d{9}Z three\n$/,
  );
});

test('read() follows until the log ends', async () => {
  const log = new ContainerLog(createFakeClock());
  const stream = log.createStream();
  const following = textOf(log, { follow: true });
  stream.write(Buffer.from('late\n'));
  log.end();
  assert.equal(await following, 'late\n');
});

test('the oldest lines go when there is too much', async () => {
  const log = new ContainerLog(createFakeClock());
  const stream = log.createStream();
  const line = Buffer.from(`${'x'.repeat(999)}\n`);
  for (let count = 0; count < 3000; count += 1) stream.write(line);
  stream.write(Buffer.from('last\n'));
  const text = await textOf(log);
  assert.ok(text.length <= MAX_LOG_BYTES && text.length > MAX_LOG_BYTES / 2);
  assert.ok(text.endsWith('last\n'));
});
