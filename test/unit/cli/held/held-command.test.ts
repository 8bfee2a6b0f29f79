import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../../../../cli/client/request.ts';
import { RESTORE_LIMIT_MS, runHeldCommand } from '../../../../cli/held/held-command.ts';
import { createDeferred, type Deferred } from '../../../../src/core/index.ts';
import { createError } from '../../../../src/errors/index.ts';
import { createFakeClock, type FakeClock } from '../../../support/fake-clock.ts';

interface FakeAnswer extends Answer<'quit'> {
  /** Lets the daemon end the answer. */
  end: Deferred<undefined>;
  isClosed: () => boolean;
}

function createAnswer(): FakeAnswer {
  const end = createDeferred<undefined>();
  let isClosed = false;
  return {
    result: { ended: [] },
    ended: end.promise,
    end,
    isClosed: () => isClosed,
    close(): void {
      isClosed = true;
      end.resolve(undefined);
    },
  };
}

interface Setup {
  clock: FakeClock;
  first: FakeAnswer;
  exit: Deferred<number>;
  notes: string[];
  renewed: number;
  result: Promise<number>;
}

function setUp(renew: (signal: AbortSignal) => Promise<Answer<'quit'>>): Setup {
  const setup: Omit<Setup, 'result'> = {
    clock: createFakeClock(),
    first: createAnswer(),
    exit: createDeferred<number>(),
    notes: [],
    renewed: 0,
  };
  const result = runHeldCommand({
    what: 'The intercept of web',
    first: setup.first,
    renew,
    onRenewed: () => (setup.renewed += 1),
    run: () => setup.exit.promise,
    note: ({ message }) => setup.notes.push(message),
    clock: setup.clock,
  });
  return Object.assign(setup, { result });
}

const neverRenewed = (): Promise<never> => Promise.reject(new Error('nobody should ask again'));
const daemonGone = createError('DAEMON_UNREACHABLE', { reason: 'the connection was cut' });

test('runHeldCommand() releases what is held when the process ends', async () => {
  const { first, exit, result, notes } = setUp(neverRenewed);
  exit.resolve(7);
  assert.equal(await result, 7);
  assert.ok(first.isClosed());
  assert.deepEqual(notes, []);
});

test('runHeldCommand() asks for the end first, and says nothing about an end that it has asked for', async () => {
  const first = createAnswer();
  const order: string[] = [];
  const exitCode = await runHeldCommand({
    what: 'The intercept of web',
    first,
    renew: neverRenewed,
    onRenewed: () => undefined,
    run: () => Promise.resolve(0),
    release: async () => {
      order.push(first.isClosed() ? 'closed' : 'open');
      first.end.resolve(undefined);
      await first.ended;
    },
    note: ({ message }) => order.push(message),
    clock: createFakeClock(),
  });
  assert.deepEqual([exitCode, order], [0, ['open']]);
});

test('runHeldCommand() releases what is held when the process cannot start', async () => {
  const { first, exit, result } = setUp(neverRenewed);
  exit.reject(createError('COMMAND_NOT_FOUND', { command: 'x', reason: 'no' }));
  await assert.rejects(result, { code: 'COMMAND_NOT_FOUND' });
  assert.ok(first.isClosed());
});

test('the process goes on when somebody ends the intercept, and nobody asks for it again', async () => {
  const { first, exit, result, notes, clock } = setUp(neverRenewed);
  first.end.resolve(undefined);
  await clock.advance(RESTORE_LIMIT_MS);
  assert.deepEqual(notes, [
    'The intercept of web was ended by tp leave or tp quit. The local process goes on without it',
  ]);
  exit.resolve(0);
  assert.equal(await result, 0);
});

test('the process goes on when the daemon gives the intercept up', async () => {
  const { first, exit, result, notes, clock } = setUp(neverRenewed);
  first.end.reject(createError('NAMESPACE_NOT_FOUND', { namespace: 'shop' }));
  await clock.advance(RESTORE_LIMIT_MS);
  assert.deepEqual(notes, [
    'The intercept of web has ended: Namespace "shop" does not exist. The local process goes on without it',
  ]);
  exit.resolve(0);
  assert.equal(await result, 0);
});

test('a daemon that died is asked again until it works, with growing waits', async () => {
  const second = createAnswer();
  const askedMs: number[] = [];
  const setup = setUp(() => {
    askedMs.push(setup.clock.monotonicMs());
    return askedMs.length < 4
      ? Promise.reject(createError('TUNNEL_LOST', { reason: 'x' }))
      : Promise.resolve(second);
  });
  setup.first.end.reject(daemonGone);
  await setup.clock.advance(60_000);
  assert.equal(setup.renewed, 1);
  assert.equal(askedMs.length, 4);
  const waits = askedMs.map((time, index) => time - (askedMs[index - 1] ?? 0));
  for (const [index, wait] of waits.entries())
    assert.ok(wait >= 250 * 2 ** index && wait <= 500 * 2 ** index, String(waits));
  setup.exit.resolve(0);
  await setup.result;
  assert.ok(second.isClosed());
  assert.equal(setup.clock.pendingTimers, 0);
});

test('asking again ends after a bounded time', async () => {
  const { first, exit, result, notes, clock } = setUp(() => Promise.reject(daemonGone));
  first.end.reject(daemonGone);
  await clock.advance(RESTORE_LIMIT_MS + 20_000);
  assert.match(notes.at(-1) ?? '', /did not come back/);
  assert.equal(clock.pendingTimers, 0);
  exit.resolve(3);
  assert.equal(await result, 3);
});

test('asking again ends at once where it is hopeless', async () => {
  let asked = 0;
  const { first, exit, result, notes, clock } = setUp(() => {
    asked += 1;
    return Promise.reject(createError('KUBECONFIG_NO_CONTEXT', {}));
  });
  first.end.reject(daemonGone);
  await clock.advance(RESTORE_LIMIT_MS);
  assert.equal(asked, 1);
  assert.match(notes.at(-1) ?? '', /did not come back: Cannot tell which cluster is meant/);
  exit.resolve(0);
  await result;
});

test('the end of the process ends the asking', async () => {
  const { first, exit, result, clock } = setUp(
    (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  );
  first.end.reject(daemonGone);
  await clock.advance(1000);
  exit.resolve(5);
  assert.equal(await result, 5);
  assert.equal(clock.pendingTimers, 0);
});

test('an answer that comes after the end of the process is closed', async () => {
  const late = createAnswer();
  const asked = createDeferred<undefined>();
  const answer = createDeferred<FakeAnswer>();
  const { first, exit, result, clock } = setUp(() => {
    asked.resolve(undefined);
    return answer.promise;
  });
  first.end.reject(daemonGone);
  await clock.advance(1000);
  await asked.promise;
  exit.resolve(0);
  answer.resolve(late);
  await result;
  assert.ok(late.isClosed());
});
