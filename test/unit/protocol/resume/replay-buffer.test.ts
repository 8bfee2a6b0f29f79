import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReplayBuffer } from '../../../../src/protocol/resume/replay-buffer.ts';

test('any part that is not acknowledged can be read, in any order of writing, reading and acknowledging', () => {
  const action = fc.oneof(
    fc.record({ do: fc.constant('push' as const), size: fc.integer({ min: 0, max: 3_000 }) }),
    fc.record({ do: fc.constant('acknowledge' as const), size: fc.nat(4_000) }),
    fc.record({
      do: fc.constant('read' as const),
      size: fc.nat(5_000),
      from: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    fc.record({ do: fc.constant('read on' as const), size: fc.nat(5_000) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 100 }), (actions) => {
      const replay = new ReplayBuffer();
      let all = Buffer.alloc(0);
      let next = 0;
      for (const it of actions) {
        if (it.do === 'push') {
          const chunk = Buffer.from(
            Uint8Array.from({ length: it.size }, (_, i) => ((all.length + i) * 31) >> 3),
          );
          replay.push(chunk);
          all = Buffer.concat([all, chunk]);
        } else if (it.do === 'acknowledge') {
          replay.acknowledge(Math.min(replay.end, replay.acknowledged + it.size));
        } else {
          const from =
            it.do === 'read'
              ? replay.acknowledged + Math.floor(it.from * replay.sizeBytes)
              : Math.max(next, replay.acknowledged);
          const parts = Buffer.concat(replay.read(from, it.size));
          assert.ok(parts.equals(all.subarray(from, from + it.size)));
          next = from + parts.length;
        }
        assert.equal(replay.end, all.length);
      }
    }),
    { numRuns: 500 },
  );
});

test('long chunks are kept as they are, and short ones share a chunk', () => {
  const replay = new ReplayBuffer();
  const long = Buffer.allocUnsafeSlow(4_096);
  for (let i = 0; i < 10; i += 1) replay.push(Buffer.from('short'));
  replay.push(long);
  const parts = replay.read(0, 10_000);
  assert.equal(parts.length, 2);
  assert.equal(parts[1]?.buffer, long.buffer);
});
