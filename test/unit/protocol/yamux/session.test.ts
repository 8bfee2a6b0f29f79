import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isToolError, type ErrorCode } from '../../../../src/errors/index.ts';
import { YamuxSession } from '../../../../src/protocol/yamux/session.ts';
import { encodeFrames } from '../../../support/yamux-frames.ts';
import { describeEffect, playbookLimits, startPlay, type Playbook } from '../../../support/yamux-playbook.ts';

const KiB = 1024;

/** The data frames for stream 1 that fill a window of 256 KiB. */
const fullWindow = [...Array<string>(16).fill('data 1 *16372'), 'data 1 *192'];

function withCode(code: ErrorCode, message = /./): (error: unknown) => boolean {
  return (error) => isToolError(error, code) && message.test(error.message);
}

/** A client with stream 1 of its own, established. */
function startWithStream(): Playbook {
  return startPlay()
    .does((session) => session.open(0))
    .sends('update syn 1 0')
    .receives('update ack 1 0')
    .expects();
}

// --- opening --------------------------------------------------------------------------------------------------------

test('a stream opens with the data that is there in time', () => {
  startPlay()
    .does((session) => session.open(0))
    .does((session) => session.write(1, [Buffer.from('hello')]))
    .sends('data syn 1 "hello"')
    .expects('written 1');
});

test('a stream opens without data', () => {
  startPlay()
    .does((session) => session.open(0))
    .sends('update syn 1 0');
});

test('data may follow before the ACK', () => {
  startPlay()
    .does((session) => session.open(0))
    .sends('update syn 1 0')
    .does((session) => session.write(1, [Buffer.from('x')]))
    .sends('data 1 "x"')
    .expects('written 1');
});

test('the client opens odd streams, the server even ones', () => {
  const open = (role: 'client' | 'server'): number[] => {
    const { session } = startPlay({ role });
    return [session.open(0), session.open(0)];
  };
  assert.deepEqual(open('client'), [1, 3]);
  assert.deepEqual(open('server'), [2, 4]);
});

test('a stream of the other end is accepted with ACK', () => {
  startPlay().receives('update syn 2 0').expects('opened 2').sends('update ack 2 0');
});

test('the ACK rides on an answer that is there in time', () => {
  startPlay()
    .receives('data syn 2 "ask"')
    .expects('opened 2', 'data 2 "ask"')
    .does((session) => session.write(2, [Buffer.from('answer')]))
    .sends('data ack 2 "answer"')
    .expects('written 2');
});

test('the SYN can carry a larger window', () => {
  startPlay()
    .receives('update syn 2 10000')
    .expects('opened 2')
    .does((session) => session.write(2, [Buffer.alloc(256 * KiB + 10_000, 'x')]))
    .sends('data ack 2 *16372', ...Array<string>(15).fill('data 2 *16372'), 'data 2 *10192')
    .expects('written 2');
});

test('streams of the other end may come out of order, as go-yamux sends them', () => {
  startPlay().receives('update syn 4 0', 'update syn 2 0').expects('opened 4', 'opened 2');
});

test('streams beyond the limit are refused with RST and their data is dropped', () => {
  startPlay({ limits: { maximumStreams: 1 } })
    .receives('update syn 2 0', 'data syn 4 "lost"', 'data 4 "lost"', 'data 2 "kept"')
    .expects('opened 2', 'data 2 "kept"')
    .sends('update rst 4 0', 'update ack 2 0');
});

test('a stream that the other end opens and resets at once is not seen', () => {
  startPlay().receives('update syn+rst 2 0').expects().sends();
});

test('open() fails at the limit and works again when a stream is forgotten', () => {
  const play = startPlay({ limits: { maximumStreams: 1 } });
  play.does((session) => session.open(0)).sends('update syn 1 0');
  assert.throws(() => play.session.open(0), withCode('MUX_STREAM_LIMIT', /the limit is 1/));
  play.receives('update rst 1 0').expects('reset 1');
  assert.equal(play.session.open(0), 3);
});

// --- data and windows -----------------------------------------------------------------------------------------------

test('payload is passed on as it arrives', () => {
  const bytes = encodeFrames('data 1 "hello"');
  startWithStream()
    .receives(bytes.subarray(0, 14))
    .expects('data 1 "he"')
    .receives(bytes.subarray(14))
    .expects('data 1 "llo"');
});

test('sending stops at 256 KiB until a window update comes', () => {
  startWithStream()
    .does((session) => session.write(1, [Buffer.alloc(260 * KiB, 'x')]))
    .sends(...fullWindow)
    .expects()
    .receives('update 1 5')
    .sends('data 1 "xxxxx"')
    .receives('update 1 1000000')
    .sends(`data 1 *${4 * KiB - 5}`)
    .expects('written 1');
});

test('the window is granted again when the application has read, not when bytes arrive', () => {
  startWithStream()
    .receives(`data 1 *${256 * KiB}`)
    .sends()
    .does((session) => session.consume(1, 100 * KiB, 0))
    .sends()
    .does((session) => session.consume(1, 28 * KiB, 0))
    .sends(`update 1 ${128 * KiB}`);
});

test('a window update goes before the data that waits', () => {
  startWithStream()
    .receives(`data 1 *${128 * KiB}`)
    .does((session) => session.open(0))
    .does((session) => session.write(3, [Buffer.from('x')]))
    .does((session) => session.consume(1, 128 * KiB, 0))
    .sends(`update 1 ${128 * KiB}`, 'data syn 3 "x"');
});

test('the window grows while it limits a fast reader', () => {
  const play = startWithStream();
  for (const granted of [128 * KiB, 128 * KiB, 384 * KiB]) {
    play
      .receives(`data 1 *${128 * KiB}`)
      .waits(10)
      .does((session) => session.consume(1, 128 * KiB, play.nowMs))
      .sends(`update 1 ${granted}`);
  }
});

// --- closing --------------------------------------------------------------------------------------------------------

test('half-close: the other end goes on after our FIN', () => {
  startWithStream()
    .does((session) => session.end(1))
    .sends('update fin 1 0')
    .expects('finished 1')
    .receives('data 1 "late"', 'data fin 1 "!"')
    .expects('data 1 "late"', 'data 1 "!"', 'ended 1', 'closed 1');
});

test('half-close: we go on after the FIN of the other end', () => {
  startWithStream()
    .receives('update fin 1 0')
    .expects('ended 1')
    .does((session) => session.write(1, [Buffer.from('late')]))
    .sends('data 1 "late"')
    .expects('written 1')
    .does((session) => session.end(1))
    .sends('update fin 1 0')
    .expects('finished 1', 'closed 1');
});

test('windows are still granted after our FIN', () => {
  startWithStream()
    .does((session) => session.end(1))
    .sends('update fin 1 0')
    .receives(`data 1 *${200 * KiB}`)
    .does((session) => session.consume(1, 200 * KiB, 0))
    .sends(`update 1 ${200 * KiB}`);
});

test('the FIN waits for what was written before', () => {
  startWithStream()
    .does((session) => session.write(1, [Buffer.alloc(256 * KiB + 1, 'x')]))
    .does((session) => session.end(1))
    .sends(...fullWindow)
    .receives('update 1 1')
    .sends('data fin 1 "x"')
    .expects('written 1', 'finished 1');
});

test('the end of a data frame with FIN comes after its payload', () => {
  const bytes = encodeFrames('data fin 1 "bye"');
  startWithStream()
    .receives(bytes.subarray(0, 13))
    .expects('data 1 "b"')
    .receives(bytes.subarray(13))
    .expects('data 1 "ye"', 'ended 1');
});

test('a window update after the FIN of the other end counts', () => {
  startWithStream()
    .does((session) => session.write(1, [Buffer.alloc(256 * KiB + 1, 'x')]))
    .sends(...fullWindow)
    .receives('update fin 1 0', 'update 1 1')
    .sends('data 1 "x"')
    .expects('ended 1', 'written 1');
});

test('a received RST ends both halves at once', () => {
  const play = startWithStream()
    .does((session) => session.write(1, [Buffer.from('unsent')]))
    .receives('update rst 1 0')
    .expects('reset 1')
    .sends();
  assert.equal(play.session.streamCount, 0);
});

test('reset() drops what was not sent and tells the other end', () => {
  const play = startWithStream()
    .does((session) => session.write(1, [Buffer.from('unsent')]))
    .does((session) => session.reset(1))
    .sends('update rst 1 0')
    .expects();
  assert.equal(play.session.streamCount, 0);
});

test('a stream that is reset before it was announced leaves no trace', () => {
  startPlay()
    .does((session) => session.open(0))
    .does((session) => session.reset(1))
    .sends();
});

test('frames that cross a reset are dropped, a payload in the middle too', () => {
  const bytes = encodeFrames('data 1 "hello"', 'data syn 2 "next"');
  startWithStream()
    .receives(bytes.subarray(0, 14))
    .expects('data 1 "he"')
    .does((session) => session.reset(1))
    .receives(bytes.subarray(14), 'update 1 1000', 'data fin 1 "late"', 'update rst 1 0')
    .expects('opened 2', 'data 2 "next"');
});

test('commands for a forgotten stream are ignored', () => {
  const play = startWithStream().receives('update rst 1 0').expects('reset 1');
  play
    .does((session) => session.write(1, [Buffer.from('x')]))
    .does((session) => session.end(1))
    .does((session) => session.consume(1, 1, 0))
    .does((session) => session.reset(1))
    .sends()
    .expects();
});

test('end() twice sends one FIN', () => {
  startWithStream()
    .does((session) => session.end(1))
    .does((session) => session.end(1))
    .sends('update fin 1 0')
    .does((session) => session.end(1))
    .sends();
});

// --- session --------------------------------------------------------------------------------------------------------

test('a ping is answered with its value', () => {
  startPlay().receives('ping syn 4294967295').expects().sends('ping ack 4294967295');
});

test('pings measure the round trip, one at a time', () => {
  const play = startPlay();
  assert.equal(play.session.roundTripMs, 10);
  play
    .does((session) => session.ping(play.nowMs))
    .does((session) => session.ping(play.nowMs))
    .sends('ping syn 1')
    .waits(25)
    .receives('ping ack 1')
    .expects('ponged 25');
  assert.equal(play.session.roundTripMs, 25);
});

test('heartbeats go out every interval, and silence fails the session', () => {
  const play = startPlay();
  assert.equal(play.session.dueMs, 5_000);
  play.waits(4_990).expires().sends('ping syn 1').expects();
  play.waits(5_000).expires().sends().waits(5_000).expires();
  assert.equal(play.session.dueMs, 15_010);
  play.expects().waits(10).expires();
  play.expects('failed TUNNEL_LOST: The tunnel to the cluster was lost: no sign of life for 15 s').sends();
  assert.equal(play.session.dueMs, Infinity);
});

test('after the other end said go away no stream opens, and open ones go on', () => {
  const play = startWithStream().receives('goAway 0').expects('goneAway');
  assert.throws(() => play.session.open(0), withCode('MUX_CLOSED', /the other end is closing it/));
  play.receives('data 1 "still here"').expects('data 1 "still here"');
});

test('after we said go away no stream opens from either end, and open ones go on', () => {
  const play = startWithStream()
    .does((session) => session.goAway())
    .does((session) => session.goAway())
    .sends('goAway 0');
  assert.throws(() => play.session.open(0), withCode('MUX_CLOSED', /it is closing/));
  play.receives('data syn 2 "too late"', 'data 1 "still here"').expects('data 1 "still here"');
  play.sends('update rst 2 0');
});

test('an error that the other end reports ends the session without an answer', () => {
  const reasons = { 1: 'a protocol error', 2: 'an internal error', 9: 'error 9' };
  for (const [code, reason] of Object.entries(reasons)) {
    startWithStream()
      .receives(`goAway ${code}`, 'data 1 "ignored"')
      .expects(`failed MUX_CLOSED: The multiplexed connection is closed: the other end reports ${reason}`)
      .sends();
  }
});

test('a session that is over does nothing any more', () => {
  const play = startWithStream().receives('goAway 2');
  play
    .does((session) => session.ping(0))
    .does((session) => session.goAway())
    .receives('ping syn 1')
    .expires()
    .sends();
  assert.throws(() => play.session.open(0), withCode('MUX_CLOSED', /it has ended/));
  assert.equal(play.session.streamCount, 0);
  assert.equal(play.session.hasFrames, false);
});

// --- violations -----------------------------------------------------------------------------------------------------

function violates(what: string, reason: string, ...frames: readonly (string | Buffer)[]): void {
  test(`${what} is a violation`, () => {
    const play = startWithStream().receives('update syn 2 0').sends('update ack 2 0').expects('opened 2');
    play.does((session) => session.write(1, [Buffer.from('unsent')]));
    play.receives(...frames, 'data 1 "ignored"');
    const failure = `failed MUX_PROTOCOL: The other end broke the yamux protocol: ${reason}`;
    play.expects(failure).sends('goAway 1').receives('ping syn 1').sends();
    assert.equal(play.session.streamCount, 0);
  });
}

violates('another version', 'version 1 instead of 0', Buffer.from('010000000000000100000000', 'hex'));
violates('an unknown type', 'unknown frame type 4', Buffer.from('000400000000000000000000', 'hex'));
violates('data for stream 0', 'frame of type 0 for stream 0', 'data 0 "x"');
violates('a window update for stream 0', 'frame of type 1 for stream 0', 'update 0 1');
violates('a ping for a stream', 'ping for stream 1', Buffer.from('000200010000000100000000', 'hex'));
violates('go away for a stream', 'go away for stream 1', Buffer.from('000300000000000100000000', 'hex'));
violates('a ping that is neither request nor response', 'ping with flags 0', 'ping 1');
violates('a response to a ping that was not sent', 'response 1 to a ping that was not sent', 'ping ack 1');
violates(
  'opening a stream of our parity',
  'it opened stream 3, which is not its to number',
  'update syn 3 0',
);
violates('opening an open stream', 'it opened stream 2 twice', 'update syn 2 0');
violates('data for a stream it never opened', 'frame for stream 4, which was never opened', 'data 4 "x"');
violates('data for a stream we never opened', 'frame for stream 3, which was never opened', 'data 3 "x"');
violates('data beyond the window', 'data beyond the window of stream 2', `data 2 *${256 * KiB + 1}`);
violates('a window beyond 32 bits', 'window of stream 2 beyond 32 bits', 'update 2 4294967295');

test('data beyond the window is a violation before its payload arrives', () => {
  startWithStream()
    .receives(encodeFrames(`data 1 *${256 * KiB + 1}`).subarray(0, 12))
    .expects(
      'failed MUX_PROTOCOL: The other end broke the yamux protocol: data beyond the window of stream 1',
    );
});

test('data after the end is a violation', () => {
  startWithStream()
    .receives('update fin 1 0', 'data 1 "x"')
    .expects(
      'ended 1',
      'failed MUX_PROTOCOL: The other end broke the yamux protocol: data after the end of stream 1',
    );
});

test('a second end is a violation', () => {
  startWithStream()
    .receives('update fin 1 0', 'update fin 1 0')
    .expects(
      'ended 1',
      'failed MUX_PROTOCOL: The other end broke the yamux protocol: second end of stream 1',
    );
});

test('a lone RST for a stream that was never opened is not a violation', () => {
  startPlay().receives('update rst 8 0', 'update rst 7 0').expects().sends();
});

test('asking for answers without reading them is a violation', () => {
  const play = startPlay().receives(...Array<string>(32 * KiB).fill('ping syn 1'));
  const reason = 'it asks for answers and does not read them';
  play
    .expects()
    .receives('ping syn 1')
    .expects(`failed MUX_PROTOCOL: The other end broke the yamux protocol: ${reason}`);
  play.sends('goAway 1');
});

test('resets that nobody reads are a violation, also when the application makes them', () => {
  const play = startPlay({ limits: { maximumStreams: 1 } })
    .receives('update syn 2 0')
    .expects('opened 2');
  play.receives(...Array.from({ length: 32 * KiB }, (_, index) => `update syn ${index * 2 + 4} 0`)).expects();
  play
    .does((session) => session.reset(2))
    .expects(
      'failed MUX_PROTOCOL: The other end broke the yamux protocol: it asks for answers and does not read them',
    );
});

// --- any input ------------------------------------------------------------------------------------------------------

const conversation = encodeFrames(
  'data syn 2 "hello"',
  'ping syn 1',
  'update ack 1 1000',
  'data fin 2 "bye"',
  'update syn 4 0',
  'update rst 4 0',
  'data 1 "x"',
  'goAway 0',
  'data 9 "never opened"',
);

/** What a client with stream 1 makes of `chunks`, with neighbouring payloads joined. */
function run(chunks: readonly Buffer[]): string[] {
  const play = startWithStream();
  const lines: string[] = [];
  for (const effect of chunks.flatMap((chunk) => play.session.receive(chunk, 0))) {
    const line = describeEffect(effect);
    const last = lines.at(-1) ?? '';
    const isContinued = effect.kind === 'data' && last.startsWith(`data ${effect.streamId} `);
    if (isContinued) lines.splice(-1, 1, last.slice(0, -1) + effect.bytes.toString() + '"');
    else lines.push(line);
  }
  return lines;
}

test('a split at any offset gives the same effects', () => {
  const expected = run([conversation]);
  assert.equal(
    expected.at(-1),
    'failed MUX_PROTOCOL: The other end broke the yamux protocol: frame for stream 9, which was never opened',
  );
  for (let offset = 0; offset <= conversation.length; offset += 1) {
    assert.deepEqual(run([conversation.subarray(0, offset), conversation.subarray(offset)]), expected);
  }
  assert.deepEqual(run([...conversation].map((byte) => Buffer.from([byte]))), expected);
});

test('random input never throws, and fails the session at most once', () => {
  const noise = fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes));
  const frame = fc
    .record({
      type: fc.constantFrom('data', 'update'),
      flags: fc.constantFrom('', 'syn ', 'ack ', 'fin ', 'rst ', 'syn+fin ', 'ack+fin '),
      streamId: fc.integer({ min: 0, max: 6 }),
      length: fc.integer({ min: 0, max: 200 * KiB }),
    })
    .map(({ type, flags, streamId, length }) =>
      encodeFrames(`${type} ${flags}${streamId} ${type === 'data' ? '*' : ''}${length}`),
    );
  const input = fc.array(fc.oneof({ weight: 20, arbitrary: frame }, { weight: 1, arbitrary: noise }));
  fc.assert(
    fc.property(input, (chunks) => {
      const session = new YamuxSession({ role: 'client', limits: playbookLimits, nowMs: 0 });
      session.open(0);
      const effects = chunks.flatMap((chunk) => [
        ...session.receive(chunk, 0),
        ...session.take(100 * KiB).effects,
      ]);
      const failures = effects.filter((effect) => effect.kind === 'failed');
      assert.ok(failures.length <= 1);
      if (failures.length === 1) assert.equal(session.streamCount, 0);
    }),
    { numRuns: 200 },
  );
});
