import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDeferred, nullLogger } from '../../../src/core/index.ts';
import { keepPodTunnel } from '../../../src/daemon/pod-tunnel.ts';
import type { Tunnel } from '../../../src/tunnel/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const { signal } = new AbortController();

/** Makes tunnels that end when told; `tunnels` holds all that were made. */
function tunnelFactory(): { connect: () => Promise<Tunnel>; tunnels: { lose: () => void }[] } {
  const tunnels: { lose: () => void }[] = [];
  return {
    tunnels,
    connect: () => {
      const closed = createDeferred<Error | undefined>();
      const end = (): void => {
        closed.resolve(undefined);
      };
      tunnels.push({ lose: end });
      const close = (): Promise<void> => {
        end();
        return Promise.resolve();
      };
      return Promise.resolve({ closed: closed.promise, close } as unknown as Tunnel);
    },
  };
}

test('a tunnel is seen only after onConnected() has prepared it', async () => {
  const clock = createFakeClock();
  const prepared = createDeferred<undefined>();
  const { connect } = tunnelFactory();
  const kept = keepPodTunnel({
    pod: 'web-1',
    connect,
    onConnected: () => prepared.promise,
    clock,
    logger: nullLogger,
  });
  await clock.advance(0);
  assert.equal(kept.current, undefined);
  prepared.resolve(undefined);
  await kept.whenConnected({ signal });
  assert.notEqual(kept.current, undefined);
  await kept.close();
});

test('a tunnel that cannot be prepared is closed and tried again', async () => {
  const clock = createFakeClock();
  const { connect, tunnels } = tunnelFactory();
  let attempts = 0;
  const kept = keepPodTunnel({
    pod: 'web-1',
    connect,
    onConnected: () => {
      attempts += 1;
      return attempts < 3 ? Promise.reject(new Error('held')) : Promise.resolve();
    },
    clock,
    logger: nullLogger,
  });
  await clock.advance(0);
  assert.match(String(kept.lastError), /held/);
  await clock.advance(5000);
  await kept.whenConnected({ signal });
  assert.equal(tunnels.length, 3);
  assert.equal(kept.lastError, undefined);
  await kept.close();
});

test('a lost tunnel is made again; close() ends it and leaves no timer', async () => {
  const clock = createFakeClock();
  const { connect, tunnels } = tunnelFactory();
  const kept = keepPodTunnel({
    pod: 'web-1',
    connect,
    onConnected: () => Promise.resolve(),
    clock,
    logger: nullLogger,
  });
  await kept.whenConnected({ signal });
  tunnels[0]?.lose();
  await clock.advance(0);
  assert.equal(kept.current, undefined);
  await clock.advance(1000);
  await kept.whenConnected({ signal });
  assert.equal(tunnels.length, 2);
  await kept.close();
  await clock.advance(60_000);
  assert.equal(tunnels.length, 2);
  assert.equal(clock.pendingTimers, 0);
});

test('whenConnected() ends with its signal', async () => {
  const clock = createFakeClock();
  const caller = new AbortController();
  const kept = keepPodTunnel({
    pod: 'web-1',
    connect: () => Promise.reject(new Error('down')),
    onConnected: () => Promise.resolve(),
    clock,
    logger: nullLogger,
  });
  const waiting = assert.rejects(kept.whenConnected({ signal: caller.signal }), /gone/);
  caller.abort(new Error('gone'));
  await waiting;
  await kept.close();
});

test('close() ends a tunnel that is being prepared, and one that comes after it', async () => {
  const clock = createFakeClock();
  const { connect, tunnels } = tunnelFactory();
  const ended = createDeferred<undefined>();
  const kept = keepPodTunnel({
    pod: 'web-1',
    connect,
    onConnected: async (tunnel) => {
      // As a request to an agent that never answers: it fails when its tunnel ends.
      await tunnel.closed;
      ended.resolve(undefined);
      throw new Error('lost');
    },
    clock,
    logger: nullLogger,
  });
  await clock.advance(0);
  await kept.close();
  await ended.promise;
  assert.equal(tunnels.length, 1);

  const late = createDeferred<Tunnel>();
  const second = keepPodTunnel({
    pod: 'web-1',
    connect: () => late.promise,
    onConnected: () => Promise.reject(new Error('not to be called')),
    clock,
    logger: nullLogger,
  });
  const closing = second.close();
  const tunnel = await connect();
  late.resolve(tunnel);
  await closing;
  assert.equal(await tunnel.closed, undefined);
  assert.equal(clock.pendingTimers, 0);
});
