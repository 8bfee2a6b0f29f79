import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDeferred, nullLogger, type Deferred } from '../../../src/core/index.ts';
import { createOutbound } from '../../../src/daemon/outbound.ts';
import type { Tunnel } from '../../../src/tunnel/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const { signal } = new AbortController();

interface FakeTunnel extends Tunnel {
  lose: () => void;
  wasClosed: boolean;
}

function fakeTunnel(): FakeTunnel {
  const closed: Deferred<Error | undefined> = createDeferred();
  const tunnel = {
    closed: closed.promise,
    wasClosed: false,
    lose: () => {
      closed.resolve(new Error('cut'));
    },
    close: () => {
      tunnel.wasClosed = true;
      closed.resolve(undefined);
      return Promise.resolve();
    },
  };
  return tunnel as unknown as FakeTunnel;
}

test('start() fails when the first tunnel cannot be made, and nothing goes on', async () => {
  const clock = createFakeClock();
  let attempts = 0;
  const outbound = createOutbound({
    connect: () => {
      attempts += 1;
      return Promise.reject(new Error('no right'));
    },
    clock,
    logger: nullLogger,
  });
  await assert.rejects(outbound.start({ signal }), /no right/);
  await clock.advance(60_000);
  assert.equal(attempts, 1);
});

test('a lost tunnel is made again, with growing waits while that fails', async () => {
  const clock = createFakeClock();
  const tunnels: FakeTunnel[] = [];
  let failures = 0;
  const outbound = createOutbound({
    connect: () => {
      if (tunnels.length === 1 && failures < 3) {
        failures += 1;
        return Promise.reject(new Error('down'));
      }
      const tunnel = fakeTunnel();
      tunnels.push(tunnel);
      return Promise.resolve(tunnel);
    },
    clock,
    logger: nullLogger,
  });
  await outbound.start({ signal });
  assert.equal(await outbound.tunnel({ signal }), tunnels[0]);
  tunnels[0]?.lose();
  await clock.advance(0);
  assert.equal(outbound.current, undefined);
  const waiting = outbound.tunnel({ signal });
  await clock.advance(2000);
  assert.equal(await waiting, tunnels[1]);
  assert.equal(failures, 3);
  await outbound.close();
  assert.equal(tunnels[1]?.wasClosed, true);
  assert.equal(clock.pendingTimers, 0);
});

test('whoever waits for a tunnel that does not come is told so after 15 s', async () => {
  const clock = createFakeClock();
  const first = fakeTunnel();
  let isFirst = true;
  const outbound = createOutbound({
    connect: () => {
      if (!isFirst) return Promise.reject(new Error('down'));
      isFirst = false;
      return Promise.resolve(first);
    },
    clock,
    logger: nullLogger,
  });
  await outbound.start({ signal });
  first.lose();
  await clock.advance(0);
  const waiting = assert.rejects(outbound.dial({ host: 'web', port: 80 }, { signal }), {
    code: 'TUNNEL_UNAVAILABLE',
  });
  await clock.advance(15_001);
  await waiting;
  await outbound.close();
});

test('a waiting dial ends with its signal', async () => {
  const clock = createFakeClock();
  const outbound = createOutbound({
    connect: () => Promise.resolve(fakeTunnel()),
    clock,
    logger: nullLogger,
  });
  const caller = new AbortController();
  const waiting = assert.rejects(outbound.tunnel({ signal: caller.signal }), /gone/);
  caller.abort(new Error('gone'));
  await waiting;
  assert.equal(clock.pendingTimers, 0);
});
