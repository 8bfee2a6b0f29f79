import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGatewayLife } from '../../../agent/gateway-life.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

test('a gateway that nobody comes to ends after two minutes', async () => {
  const clock = createFakeClock();
  let ended = 0;
  createGatewayLife({ clock, onIdle: () => (ended += 1) });
  await clock.advance(119_999);
  assert.equal(ended, 0);
  await clock.advance(1);
  assert.equal(ended, 1);
});

test('a gateway ends 20 s after its last session, and not before', async () => {
  const clock = createFakeClock();
  let ended = 0;
  const life = createGatewayLife({ clock, onIdle: () => (ended += 1) });
  life.sessionOpened();
  life.sessionOpened();
  life.sessionClosed();
  await clock.advance(600_000);
  assert.equal(ended, 0, 'one session is open');
  life.sessionClosed();
  await clock.advance(19_999);
  assert.equal(ended, 0);
  life.sessionOpened();
  await clock.advance(60_000);
  assert.equal(ended, 0, 'somebody came back in time');
  life.sessionClosed();
  await clock.advance(20_000);
  assert.equal(ended, 1);
});
