import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isToolError } from '../../../../src/errors/index.ts';
import { Http2Connection } from '../../../../src/protocol/http2/connection.ts';
import {
  connectionPreface,
  encodeFrame,
  encodeNumbers,
  encodeSettings,
  flags,
  frameTypes,
  settings,
  type Frame,
} from '../../../../src/protocol/http2/frame.ts';
import { FrameReader } from '../../../../src/protocol/http2/frame-reader.ts';
import { HeldContent } from '../../../../src/protocol/http2/held-content.ts';
import { streamLimit, streamWindowBytes } from '../../../../src/protocol/http2/limits.ts';
import { Http2Stream } from '../../../../src/protocol/http2/stream.ts';
import { raises } from '../../../support/assert-raises.ts';

const { data, headers, rstStream, windowUpdate, ping, goAway, pushPromise, priority } = frameTypes;
const nothing = Buffer.alloc(0);
const getBlock = Buffer.from([0x82, 0x86, 0x84]);

interface Rig {
  connection: Http2Connection;
  held: HeldContent;
  /** What was told, in words. */
  events: string[];
  streams: Http2Stream[];
  /** Frames that were sent since it was last asked, in words. */
  sent(): string[];
  receive(...frames: Buffer[]): void;
  congest(isCongested: boolean): void;
}

function start(role: 'client' | 'server', { isGreeted = true } = {}): Rig {
  const held = new HeldContent();
  const events: string[] = [];
  const streams: Http2Stream[] = [];
  let written: Buffer[] = [];
  let isCongested = false;
  const connection = new Http2Connection({
    role,
    held,
    nowMs: () => 0,
    output: {
      write: (bytes) => written.push(bytes),
      get isCongested(): boolean {
        return isCongested;
      },
    },
    events: {
      onHeaders: (stream, fields, isEnd) => {
        streams.push(stream);
        events.push(
          `headers ${stream.id} ${fields?.map(({ name, value }) => `${name}=${value}`).join(' ')}${isEnd ? ' end' : ''}`,
        );
      },
      onContent: (stream, content, isEnd) =>
        events.push(`content ${stream.id} ${content.length}${isEnd ? ' end' : ''}`),
      onReset: (stream, code) => events.push(`reset ${stream.id} ${code}`),
      onSent: (stream, sizeBytes) => events.push(`sent ${stream.id} ${sizeBytes}`),
      onComplete: (stream) => events.push(`complete ${stream.id}`),
      onGoAway: (code) => events.push(`go away ${code}`),
    },
  });
  connection.open();
  const rig: Rig = {
    connection,
    held,
    events,
    streams,
    sent(): string[] {
      const bytes = Buffer.concat(written);
      written = [];
      const reader = new FrameReader();
      reader.push(
        bytes.subarray(0, 3).toString() === 'PRI' ? bytes.subarray(connectionPreface.length) : bytes,
      );
      const frames: string[] = [];
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(inWords(frame));
      return frames;
    },
    receive: (...frames) => connection.receive(Buffer.concat(frames)),
    congest: (value) => (isCongested = value),
  };
  if (isGreeted) {
    if (role === 'server') rig.receive(connectionPreface);
    rig.receive(encodeSettings([]));
    rig.sent();
  }
  return rig;
}

const names = Object.fromEntries(Object.entries(frameTypes).map(([name, type]) => [type, name]));

function inWords({ type, flags: bits, streamId, payload }: Frame): string {
  const end = (type === data || type === headers) && (bits & flags.endStream) !== 0 ? ' end' : '';
  const detail = type === data ? String(payload.length) : type === headers ? '' : payload.toString('hex');
  return `${names[type] ?? type} ${streamId} ${detail}`.trim() + end;
}

function request(streamId: number, { isEnd = true } = {}): Buffer {
  return encodeFrame(headers, flags.endHeaders | (isEnd ? flags.endStream : 0), streamId, getBlock);
}

function content(streamId: number, sizeBytes: number, isEnd = false): Buffer {
  const frames: Buffer[] = [];
  for (let left = sizeBytes; left > 0 || frames.length === 0; left -= 16_384) {
    const isLast = left <= 16_384;
    frames.push(
      encodeFrame(data, isLast && isEnd ? 1 : 0, streamId, Buffer.alloc(Math.max(0, Math.min(left, 16_384)))),
    );
  }
  return Buffer.concat(frames);
}

function openStream(rig: Rig, isEnd = true): Http2Stream {
  rig.receive(request(1, { isEnd }));
  return rig.streams[0] as Http2Stream;
}

const ok = [{ name: ':status', value: '200' }];

describe('a connection', () => {
  test('says hello, and answers settings and pings', () => {
    const server = start('server', { isGreeted: false });
    assert.deepEqual(
      server.sent().map((frame) => frame.split(' ')[0]),
      ['settings', 'windowUpdate'],
    );
    server.receive(connectionPreface.subarray(0, 5));
    server.receive(
      connectionPreface.subarray(5),
      encodeSettings([]),
      encodeFrame(ping, 0, 0, Buffer.alloc(8, 7)),
    );
    server.receive(
      encodeFrame(ping, flags.ack, 0, Buffer.alloc(8)),
      encodeFrame(frameTypes.settings, flags.ack, 0, nothing),
    );
    assert.deepEqual(server.sent(), ['settings 0', 'ping 0 0707070707070707']);
    const client = start('client', { isGreeted: false });
    assert.match(client.sent()[0] ?? '', /^settings 0 000200000000/);
  });

  test('reads over what it does not know, and what belongs to closed streams', () => {
    const rig = start('server');
    const stream = openStream(rig);
    rig.connection.sendHeaders(stream, ok, true);
    rig.receive(
      encodeFrame(0x99, 0xff, 1, Buffer.alloc(3)),
      encodeFrame(priority, 0, 9, Buffer.alloc(5)),
      encodeNumbers(windowUpdate, 1, 5),
      encodeNumbers(rstStream, 1, 8),
    );
    assert.deepEqual(rig.events, ['headers 1 :method=GET :scheme=http :path=/ end', 'complete 1']);
  });

  test('takes no streams after it has gone away, and keeps the table of their header blocks', () => {
    const rig = start('server');
    openStream(rig);
    rig.connection.goAway('NO_ERROR');
    rig.receive(
      encodeFrame(headers, flags.endHeaders | 1, 3, Buffer.from('400161' + '0162', 'hex')),
      content(3, 10),
    );
    assert.deepEqual(rig.events.length, 1);
    assert.deepEqual(rig.sent(), ['goAway 0 0000000100000000']);
    assert.equal(rig.held.sizeBytes, 0);
  });

  test('refuses streams over the limit', () => {
    const rig = start('server');
    for (let index = 0; index <= streamLimit; index += 1) rig.receive(request(2 * index + 1));
    assert.deepEqual(
      [rig.events.length, rig.sent()],
      [streamLimit, [`rstStream ${2 * streamLimit + 1} 00000007`]],
    );
  });
});

describe('content', () => {
  test('waits for the windows of stream and connection, and for the socket', () => {
    const rig = start('server');
    rig.receive(encodeSettings([[settings.initialWindowSize, 10]]));
    const stream = openStream(rig);
    rig.sent();
    rig.connection.sendHeaders(stream, ok, false);
    rig.connection.sendContent(stream, Buffer.alloc(25), true);
    assert.deepEqual(rig.sent(), ['headers 1', 'data 1 10']);
    rig.congest(true);
    rig.receive(encodeNumbers(windowUpdate, 1, 5));
    assert.deepEqual(rig.sent(), []);
    rig.congest(false);
    rig.connection.flush();
    assert.deepEqual(rig.sent(), ['data 1 5']);
    rig.receive(encodeSettings([[settings.initialWindowSize, 20]]));
    assert.deepEqual(rig.sent(), ['settings 0', 'data 1 10 end']);
    assert.deepEqual(rig.events.slice(1), ['sent 1 10', 'sent 1 5', 'sent 1 10', 'complete 1']);
  });

  test('of several streams is sent frame by frame in turns', () => {
    const rig = start('server');
    rig.receive(request(1), request(3));
    rig.congest(true);
    for (const stream of rig.streams) rig.connection.sendContent(stream, Buffer.alloc(30_000), false);
    rig.congest(false);
    rig.connection.flush();
    assert.deepEqual(rig.sent(), ['data 1 16384', 'data 3 16384', 'data 1 13616', 'data 3 13616']);
  });

  test('is sent before the trailers, which end the stream', () => {
    const rig = start('server');
    const stream = openStream(rig);
    rig.congest(true);
    rig.connection.sendContent(stream, Buffer.alloc(3), false);
    rig.connection.sendHeaders(stream, [{ name: 'grpc-status', value: '0' }], true);
    rig.congest(false);
    rig.connection.flush();
    assert.deepEqual(rig.sent(), ['data 1 3', 'headers 1 end']);
  });

  test('is credited to the connection at once, to its stream when it is used up', () => {
    const rig = start('server');
    const stream = openStream(rig, false);
    rig.receive(content(1, streamWindowBytes));
    assert.equal(rig.held.sizeBytes, streamWindowBytes);
    assert.deepEqual(rig.sent(), []);
    rig.connection.credit(stream, streamWindowBytes);
    assert.deepEqual(rig.sent(), ['windowUpdate 1 00020000']);
    assert.equal(rig.held.sizeBytes, 0);
    assert.throws(
      () => rig.receive(content(1, streamWindowBytes + 1)),
      raises('HTTP_PROTOCOL', /FLOW_CONTROL_ERROR/),
    );
  });

  test('that is dropped is told as sent', () => {
    const rig = start('server');
    const stream = openStream(rig);
    rig.congest(true);
    rig.connection.sendContent(stream, Buffer.alloc(3), false);
    rig.connection.reset(stream, 8);
    rig.connection.sendContent(stream, Buffer.alloc(4), false);
    assert.deepEqual(rig.events.slice(1), ['sent 1 3', 'sent 1 4']);
  });

  test('of a connection without credit stops when the process holds too much, and goes on', () => {
    const rig = start('server');
    const streams = [1, 3, 5, 7, 9];
    rig.receive(...streams.map((id) => request(id, { isEnd: false })));
    rig.held.add(2 ** 40);
    rig.receive(...streams.map((id) => content(id, streamWindowBytes)));
    assert.deepEqual(rig.sent(), []);
    rig.held.add(-(2 ** 40));
    rig.connection.credit(rig.streams[0] as Http2Stream, 1);
    assert.match(rig.sent().join(), /^windowUpdate 0/);
  });
});

describe('requests', () => {
  test('wait for the settings of the server, and for room', () => {
    const rig = start('client', { isGreeted: false });
    rig.sent();
    const streams = [new Http2Stream(), new Http2Stream(), new Http2Stream()];
    for (const stream of streams) rig.connection.request(stream, ok, true);
    assert.deepEqual([rig.sent(), rig.connection.isConfirmed], [[], false]);
    rig.receive(encodeSettings([[settings.maxConcurrentStreams, 2]]));
    assert.deepEqual(rig.sent(), ['settings 0', 'headers 1 end', 'headers 3 end']);
    rig.receive(request(1));
    assert.deepEqual(rig.sent(), ['headers 5 end']);
  });

  test('that were not sent can be made elsewhere, with all that waits on them', () => {
    const first = start('client', { isGreeted: false });
    const stream = new Http2Stream();
    first.connection.request(stream, ok, false);
    first.connection.sendContent(stream, Buffer.alloc(5), false);
    first.connection.sendHeaders(stream, ok, true);
    assert.deepEqual(first.connection.takeUnstarted(), [stream]);
    const second = start('client');
    second.connection.request(stream, ok, false);
    assert.deepEqual(second.sent(), ['headers 1', 'data 1 5', 'headers 1 end']);
  });

  test('that the server says it has not seen are refused, and no more are sent', () => {
    const rig = start('client');
    for (let count = 0; count < 2; count += 1) rig.connection.request(new Http2Stream(), ok, true);
    rig.receive(encodeNumbers(goAway, 0, 1, 0));
    rig.connection.request(new Http2Stream(), ok, true);
    assert.deepEqual(rig.events, ['reset 3 7', 'go away 0']);
    assert.deepEqual([rig.connection.isGoingAway, rig.connection.takeUnstarted().length], [true, 1]);
  });
});

describe('the connection is ended', () => {
  const cases: [what: string, name: string, ...frames: Buffer[]][] = [
    ['another frame than SETTINGS first', 'PROTOCOL_ERROR', encodeFrame(ping, 0, 0, Buffer.alloc(8))],
    ['a stream with an even number', 'PROTOCOL_ERROR', request(2)],
    ['headers without a stream', 'PROTOCOL_ERROR', request(0)],
    ['content of a stream that is not open', 'PROTOCOL_ERROR', content(1, 1)],
    ['a reset of a stream that is not open', 'PROTOCOL_ERROR', encodeNumbers(rstStream, 5, 0)],
    ['content behind the end', 'STREAM_CLOSED', request(1), content(1, 1)],
    ['headers behind the end', 'STREAM_CLOSED', request(1), request(1)],
    ['a push', 'PROTOCOL_ERROR', encodeFrame(pushPromise, flags.endHeaders, 1, Buffer.alloc(4))],
    ['a ping of another size', 'FRAME_SIZE_ERROR', encodeFrame(ping, 0, 0, Buffer.alloc(7))],
    ['settings of another size', 'FRAME_SIZE_ERROR', encodeFrame(frameTypes.settings, 0, 0, Buffer.alloc(5))],
    [
      'an acknowledgement with settings',
      'FRAME_SIZE_ERROR',
      encodeFrame(frameTypes.settings, 1, 0, Buffer.alloc(6)),
    ],
    ['a window opened by nothing', 'PROTOCOL_ERROR', encodeNumbers(windowUpdate, 0, 0)],
    ['a window over the limit', 'FLOW_CONTROL_ERROR', encodeNumbers(windowUpdate, 0, 2 ** 31 - 1)],
    [
      'a header block that is none',
      'COMPRESSION_ERROR',
      encodeFrame(headers, flags.endHeaders, 1, Buffer.of(0x80)),
    ],
  ];
  for (const [what, name, ...frames] of cases)
    test(`by ${what}`, () => {
      const rig = start('server', { isGreeted: !what.includes('first') });
      if (what.includes('first')) rig.receive(connectionPreface);
      assert.throws(() => rig.receive(...frames), raises('HTTP_PROTOCOL', new RegExp(name)));
    });

  test('by another start than the preface', () => {
    const rig = start('server', { isGreeted: false });
    assert.throws(() => rig.receive(Buffer.from('GET / HTTP/1.1\r\n')), raises('HTTP_PROTOCOL'));
  });

  test('by a server that opens streams', () => {
    for (const id of [1, 2])
      assert.throws(() => start('client').receive(request(id)), raises('HTTP_PROTOCOL'));
  });

  test('by streams that are reset too fast, by either end', () => {
    for (const kind of ['client', 'mistake']) {
      const rig = start('server');
      const reset = (id: number): Buffer =>
        kind === 'client' ? encodeNumbers(rstStream, id, 8) : encodeNumbers(windowUpdate, id, 0);
      const open = (): void => {
        for (let id = 1; id < 3000; id += 2) rig.receive(request(id), reset(id));
      };
      assert.throws(open, raises('HTTP_PROTOCOL', /ENHANCE_YOUR_CALM/));
    }
  });
});

test('a second header block that is no trailer section resets its stream alone', () => {
  const rig = start('server');
  openStream(rig, false);
  rig.receive(content(1, 1), request(1, { isEnd: false }), request(3));
  assert.deepEqual(rig.events.slice(2), ['reset 1 1', 'headers 3 :method=GET :scheme=http :path=/ end']);
});

test('whatever comes is understood or refused', () => {
  const frame = fc
    .record({
      type: fc.integer({ min: 0, max: 10 }),
      bits: fc.constantFrom(0, 1, 4, 5, 8, 0x25, 0x2d),
      streamId: fc.integer({ min: 0, max: 6 }),
      payload: fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.constant(new Uint8Array(getBlock))),
    })
    .map(({ type, bits, streamId, payload }) => encodeFrame(type, bits, streamId, Buffer.from(payload)));
  fc.assert(
    fc.property(
      fc.constantFrom<'client' | 'server'>('client', 'server'),
      fc.array(frame, { maxLength: 20 }),
      (role, frames) => {
        const rig = start(role);
        if (role === 'client')
          for (let count = 0; count < 3; count += 1) rig.connection.request(new Http2Stream(), ok, false);
        try {
          for (const bytes of frames) rig.receive(bytes);
        } catch (error) {
          assert.ok(isToolError(error, 'HTTP_PROTOCOL'), String(error));
        }
        rig.connection.end();
        assert.equal(rig.connection.streamCount, 0);
      },
    ),
    { numRuns: 500 },
  );
});
