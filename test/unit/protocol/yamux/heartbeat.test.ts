import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isToolError } from '../../../../src/errors/index.ts';
import { Heartbeat } from '../../../../src/protocol/yamux/heartbeat.ts';

function createHeartbeat(): Heartbeat {
  return new Heartbeat({ intervalMs: 5_000, silenceMs: 15_000, nowMs: 0 });
}

test('a ping falls due once per interval', () => {
  const heartbeat = createHeartbeat();
  assert.equal(heartbeat.dueMs, 5_000);
  heartbeat.received(4_000);
  assert.equal(heartbeat.expire(5_000), 'ping');
  assert.equal(heartbeat.dueMs, 10_000);
});

test('15 s without anything received is lost, to the millisecond', () => {
  const heartbeat = createHeartbeat();
  heartbeat.received(1_000);
  assert.equal(heartbeat.expire(5_000), 'ping');
  assert.equal(heartbeat.expire(10_000), 'ping');
  assert.equal(heartbeat.expire(15_000), 'ping');
  assert.equal(heartbeat.dueMs, 16_000);
  assert.equal(heartbeat.expire(16_000), 'lost');
});

test('any received byte puts the loss off', () => {
  const heartbeat = createHeartbeat();
  for (let nowMs = 5_000; nowMs <= 100_000; nowMs += 5_000) {
    heartbeat.received(nowMs - 1);
    assert.equal(heartbeat.expire(nowMs), 'ping');
  }
});

test('after this process stood still the other end has one interval to be heard', () => {
  const heartbeat = createHeartbeat();
  assert.equal(heartbeat.expire(5_000), 'ping');
  assert.equal(heartbeat.expire(600_000), 'ping');
  assert.equal(heartbeat.dueMs, 605_000);
  assert.equal(heartbeat.expire(605_000), 'lost');
});

test('a late check takes nothing away from an end that was heard', () => {
  const heartbeat = createHeartbeat();
  heartbeat.received(6_500);
  assert.equal(heartbeat.expire(7_000), 'ping');
  assert.equal(heartbeat.expire(12_000), 'ping');
  assert.equal(heartbeat.expire(17_000), 'ping');
  assert.equal(heartbeat.dueMs, 21_500);
});

test('one ping is out at a time', () => {
  const heartbeat = createHeartbeat();
  assert.equal(heartbeat.startPing(0), 0);
  assert.equal(heartbeat.startPing(10), undefined);
  assert.equal(heartbeat.finishPing(0, 30), 30);
  assert.equal(heartbeat.startPing(40), 1);
  assert.equal(heartbeat.finishPing(1, 140), 100);
  assert.deepEqual([heartbeat.roundTripMs, heartbeat.minimumRoundTripMs], [100, 30]);
});

test('there is no round trip before the first response', () => {
  const heartbeat = createHeartbeat();
  heartbeat.startPing(0);
  assert.deepEqual([heartbeat.roundTripMs, heartbeat.minimumRoundTripMs], [undefined, undefined]);
});

test('a response to a ping that was not sent is a violation', () => {
  const heartbeat = createHeartbeat();
  const isViolation = (error: unknown): boolean => isToolError(error, 'MUX_PROTOCOL');
  assert.throws(() => heartbeat.finishPing(0, 1), isViolation);
  heartbeat.startPing(0);
  assert.throws(() => heartbeat.finishPing(1, 1), isViolation);
  heartbeat.finishPing(0, 1);
  assert.throws(() => heartbeat.finishPing(0, 2), isViolation);
});

test('an infinite interval and silence never fall due', () => {
  assert.equal(new Heartbeat({ intervalMs: Infinity, silenceMs: Infinity, nowMs: 3 }).dueMs, Infinity);
});
