import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReceiveWindow, WindowBudget } from '../../../../src/protocol/yamux/receive-window.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

function createWindow({ maximumBytes = 16 * MiB, budgetBytes = 64 * MiB } = {}): ReceiveWindow {
  return new ReceiveWindow({ maximumBytes, budget: new WindowBudget(budgetBytes), nowMs: 0 });
}

test('exactly 256 KiB may come unread, not a byte more', () => {
  const window = createWindow();
  assert.equal(window.charge(256 * KiB), true);
  assert.equal(window.charge(1), false);
});

test('a frame that does not fit takes nothing', () => {
  const window = createWindow();
  assert.equal(window.charge(256 * KiB + 1), false);
  assert.equal(window.charge(256 * KiB), true);
});

test('an update falls due once, when half the window has been read', () => {
  const window = createWindow();
  window.charge(256 * KiB);
  assert.equal(window.consume(128 * KiB - 1, 0, undefined), false);
  assert.equal(window.consume(1, 0, undefined), true);
  assert.equal(window.consume(1, 0, undefined), false);
  assert.equal(window.grant(), 128 * KiB + 1);
  assert.equal(window.grant(), 0);
});

test('only what has been read is granted again', () => {
  const window = createWindow();
  window.charge(200 * KiB);
  assert.equal(window.grant(), 0);
  window.consume(130 * KiB, 0, undefined);
  assert.equal(window.grant(), 130 * KiB);
  assert.equal(window.charge(186 * KiB), true);
  assert.equal(window.charge(1), false);
});

interface Link {
  readonly roundTripMs: number;
  /** What the carrier can do; Infinity for a link on which only the window limits. */
  readonly bytesPerMs: number;
}

/** Reads for `durationMs` over an ideal link whose sender always uses the whole window; returns the size it ended with. */
function readOver({ roundTripMs, bytesPerMs }: Link, durationMs: number, window = createWindow()): number {
  const stepMs = roundTripMs / 8;
  const inFlight: { readonly arrivesMs: number; bytes: number }[] = [];
  let sendWindow = 256 * KiB;
  const grants: { readonly arrivesMs: number; readonly bytes: number }[] = [];
  for (let nowMs = 0; nowMs < durationMs; nowMs += stepMs) {
    while (grants[0] !== undefined && grants[0].arrivesMs <= nowMs) sendWindow += grants.shift()?.bytes ?? 0;
    const bytes = Math.floor(Math.min(sendWindow, bytesPerMs * stepMs));
    sendWindow -= bytes;
    inFlight.push({ arrivesMs: nowMs + roundTripMs / 2, bytes });
    while (inFlight[0] !== undefined && inFlight[0].arrivesMs <= nowMs) {
      const arrived = inFlight.shift()?.bytes ?? 0;
      assert.ok(window.charge(arrived), 'an honest sender never exceeds the window');
      if (window.consume(arrived, nowMs, roundTripMs))
        grants.push({ arrivesMs: nowMs + roundTripMs / 2, bytes: window.grant() });
    }
  }
  return window.sizeBytes;
}

test('the window grows to its maximum while it is what limits the speed', () => {
  assert.equal(readOver({ roundTripMs: 100, bytesPerMs: Infinity }, 3_000), 16 * MiB);
});

test('the window stops growing when the carrier is what limits the speed', () => {
  // 20 MB/s times 50 ms is 1 MB.
  const sizeBytes = readOver({ roundTripMs: 50, bytesPerMs: 20_000 }, 20_000);
  assert.ok(sizeBytes >= 1 * MiB && sizeBytes <= 4 * MiB, `${sizeBytes}`);
});

test('the window of a slow stream does not grow', () => {
  assert.equal(readOver({ roundTripMs: 50, bytesPerMs: 1_000 }, 60_000), 256 * KiB);
});

test('the window does not grow before a round trip has been measured', () => {
  const window = createWindow();
  for (let nowMs = 0; nowMs < 1_000; nowMs += 1) {
    window.charge(128 * KiB);
    window.consume(128 * KiB, nowMs, undefined);
    window.grant();
  }
  assert.equal(window.sizeBytes, 256 * KiB);
});

test('windows grow by no more than the budget, and give back when they are released', () => {
  const budget = new WindowBudget(300 * KiB);
  const window = new ReceiveWindow({ maximumBytes: 16 * MiB, budget, nowMs: 0 });
  assert.equal(readOver({ roundTripMs: 100, bytesPerMs: Infinity }, 3_000, window), 556 * KiB);
  assert.equal(budget.remainingBytes, 0);
  window.release();
  assert.equal(budget.remainingBytes, 300 * KiB);
});

test('available and unread bytes together never exceed the size', () => {
  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom('charge', 'read', 'grant'),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  );
  fc.assert(
    fc.property(steps, (actions) => {
      const window = createWindow({ maximumBytes: 1 * MiB });
      let available = 256 * KiB;
      let unread = 0;
      let nowMs = 0;
      for (const { kind, share } of actions) {
        nowMs += 10 * share;
        if (kind === 'charge') {
          const sizeBytes = Math.floor(available * share);
          assert.ok(window.charge(sizeBytes));
          available -= sizeBytes;
          unread += sizeBytes;
        } else if (kind === 'read') {
          const sizeBytes = Math.floor(unread * share);
          window.consume(sizeBytes, nowMs, 5);
          unread -= sizeBytes;
        } else {
          available += window.grant();
        }
        assert.ok(available + unread <= window.sizeBytes);
      }
      assert.equal(window.charge(available + 1), false);
    }),
  );
});
