import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { MINIMUM_DRAIN_MS, untilDrained } from '../../../agent/drain.ts';
import { createError } from '../../../src/errors/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const { signal } = new AbortController();

/** Runs the drain and tells whether it is over. */
function drain(state: { isAppOpen: boolean; connections: number }): {
  clock: ReturnType<typeof createFakeClock>;
  isOver: () => boolean;
} {
  const clock = createFakeClock();
  let isOver = false;
  void untilDrained({
    appPorts: [8080],
    app: {
      dial: (port) =>
        state.isAppOpen
          ? Promise.resolve(new Duplex())
          : Promise.reject(createError('NET_REFUSED', { target: `127.0.0.1:${port}` })),
    },
    openConnections: () => state.connections,
    clock,
    signal,
  }).then(() => {
    isOver = true;
  });
  return { clock, isOver: () => isOver };
}

test('the agent stays as long as the application listens', async () => {
  const state = { isAppOpen: true, connections: 0 };
  const { clock, isOver } = drain(state);
  await clock.advance(MINIMUM_DRAIN_MS + 10_000);
  assert.equal(isOver(), false);
  state.isAppOpen = false;
  await clock.advance(1000);
  assert.equal(isOver(), true);
});

test('the agent stays as long as a connection is open', async () => {
  const state = { isAppOpen: false, connections: 1 };
  const { clock, isOver } = drain(state);
  await clock.advance(MINIMUM_DRAIN_MS + 10_000);
  assert.equal(isOver(), false);
  state.connections = 0;
  await clock.advance(1000);
  assert.equal(isOver(), true);
});

test('the agent stays for the minimum, since callers learn of the end later', async () => {
  const { clock, isOver } = drain({ isAppOpen: false, connections: 0 });
  await clock.advance(MINIMUM_DRAIN_MS - 1);
  assert.equal(isOver(), false);
  await clock.advance(1);
  assert.equal(isOver(), true);
});
