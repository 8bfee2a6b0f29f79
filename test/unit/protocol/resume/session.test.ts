import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  FrameDecoder,
  ResumeSession,
  encodeFrame,
  type Frame,
} from '../../../../src/protocol/resume/index.ts';
import { ResumeModel, WRITE_LIMIT_BYTES, type Step } from '../../../support/resume-model.ts';

const limits = { replayBytes: 100, acknowledgeBytes: 50 };
const side = fc.constantFrom('client' as const, 'agent' as const);
const index = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('write' as const), side, size: fc.nat(WRITE_LIMIT_BYTES) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('send' as const), side, size: fc.integer({ min: 1, max: 90 }) }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('deliver' as const), side, index, size: fc.nat(300) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('heartbeat' as const), side }) },
  { weight: 2, arbitrary: fc.constant({ do: 'connect' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cut' as const), index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('notice' as const), side, index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), side }) },
);

test('whatever happens to carriers, each end gets what the other wrote: a prefix, once, in order; then all of it', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 300, size: 'max' }), (steps) => {
      const model = new ResumeModel();
      model.perform({ do: 'connect' });
      for (const it of steps) model.perform(it);
      model.heal();
    }),
    { numRuns: 300 },
  );
});

test('a carrier that is cut at any byte loses nothing', () => {
  for (let cut = 0; cut < 400; cut += 1) {
    const model = new ResumeModel();
    model.perform({ do: 'connect' });
    model.perform({ do: 'deliver', side: 'agent', index: 0, size: 100 });
    model.perform({ do: 'deliver', side: 'client', index: 0, size: 100 });
    for (const from of ['client', 'agent'] as const) {
      model.perform({ do: 'write', side: from, size: 150 });
      model.perform({ do: 'end', side: from });
      model.perform({ do: 'send', side: from, size: 60 });
    }
    model.perform({ do: 'deliver', side: 'agent', index: 0, size: cut });
    model.perform({ do: 'deliver', side: 'client', index: 0, size: 400 - cut });
    model.heal();
  }
});

function attached(peerReceived = 0): ResumeSession {
  const session = new ResumeSession(limits);
  session.attach(peerReceived);
  return session;
}

function frames(bytes: Buffer[]): Frame[] {
  const decoder = new FrameDecoder();
  decoder.push(Buffer.concat(bytes));
  const found: Frame[] = [];
  for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) found.push(frame);
  return found;
}

function frame(kind: Frame['kind'], value: number, payload: Buffer | string = ''): Frame {
  return { kind, value, payload: Buffer.from(payload) };
}

test('a writer is told when what is not acknowledged fills its room, and when there is room again', () => {
  const session = attached();
  session.write([Buffer.alloc(99)]);
  assert.equal(session.hasRoom, true);
  session.write([Buffer.alloc(1)]);
  assert.equal(session.hasRoom, false);
  session.take(1_000);
  assert.equal(session.hasRoom, false);
  session.receive(frame('acknowledge', 1));
  assert.equal(session.hasRoom, true);
});

test('an acknowledgement is due after so many bytes, after the end, and when asked for', () => {
  const session = attached();
  session.receive(frame('data', 0, Buffer.alloc(49)));
  assert.deepEqual(session.take(10), []);
  session.receive(frame('data', 49, 'x'));
  assert.deepEqual(
    frames(session.take(10)).map(({ kind, value }) => [kind, value]),
    [['acknowledge', 50]],
  );
  session.receive(frame('end', 50));
  assert.equal(frames(session.take(10))[0]?.value, 51);
  assert.deepEqual(session.take(10), []);
  session.acknowledge();
  assert.equal(frames(session.take(10))[0]?.value, 51);
});

test('nothing is sent without a carrier, and everything unacknowledged again with the next', () => {
  const session = attached();
  session.write([Buffer.from('hello')]);
  session.end();
  session.take(3);
  session.detach();
  assert.deepEqual(session.take(10), []);
  session.attach(2);
  const sent = [...frames(session.take(10)), ...frames(session.take(10))];
  assert.deepEqual(
    sent.map(({ kind, value, payload }) => [kind, value, payload.toString()]),
    [
      ['data', 2, 'llo'],
      ['end', 5, ''],
    ],
  );
  assert.equal(session.isSent, true);
});

for (const [what, wrong] of [
  ['bytes that leave a gap', frame('data', 1, 'x')],
  ['an acknowledgement of what was never sent', frame('acknowledge', 1)],
  ['an end before the bytes in front of it', frame('end', 1)],
  ['a greeting in the middle', frame('hello', 0)],
] as const)
  test(`${what} is a violation`, () => {
    assert.throws(() => attached().receive(wrong), { code: 'TUNNEL_PROTOCOL' });
  });

test('bytes behind the end, and a carrier that claims more than was sent, are violations', () => {
  const session = attached();
  session.receive(frame('end', 0));
  assert.throws(() => session.receive(frame('data', 1, 'x')), { code: 'TUNNEL_PROTOCOL' });
  assert.throws(() => attached(1), { code: 'TUNNEL_PROTOCOL' });
});

test('frames survive any way of cutting them into chunks; anything else fails or waits, and never throws otherwise', () => {
  const whole = Buffer.concat([
    encodeFrame('hello', 2 ** 40, Buffer.from('ticket')),
    encodeFrame('data', 7, 3),
    Buffer.from('abc'),
  ]);
  for (let cut = 0; cut <= whole.length; cut += 1) {
    const decoder = new FrameDecoder();
    const found: Frame[] = [];
    for (const part of [whole.subarray(0, cut), whole.subarray(cut)]) {
      decoder.push(part);
      for (let it = decoder.next(); it !== undefined; it = decoder.next()) found.push(it);
    }
    assert.deepEqual(
      [found[0]?.kind, found[0]?.value, String(found[0]?.payload)],
      ['hello', 2 ** 40, 'ticket'],
    );
    assert.equal(
      found
        .slice(1)
        .map(({ payload }) => String(payload))
        .join(''),
      'abc',
    );
  }
});
