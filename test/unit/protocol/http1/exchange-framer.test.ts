import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExchangeFramer, opaqueReasons, type OpaqueReason } from '../../../../src/protocol/http1/index.ts';
import { play, type Step } from '../../../support/exchange.ts';

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const head = 'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n';
const post = 'POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello';
const upgrade = 'GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const chunkedOk =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n1\r\n!\r\n0\r\nT: x\r\n\r\n';
const noContent = 'HTTP/1.1 204 No Content\r\n\r\n';

/** Conversations after which nothing is outstanding. */
const completeExchanges: Record<string, Step[]> = {
  'a response with a length': [
    ['>>', get],
    ['<<', ok],
  ],
  'a response in chunks, with extensions and trailers': [
    ['>>', get],
    ['<<', chunkedOk],
  ],
  'a request with content': [
    ['>>', post],
    ['<<', ok],
  ],
  'a request in chunks': [
    ['>>', `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
    ['<<', ok],
  ],
  'a response to HEAD with a length': [
    ['>>', head],
    ['<<', 'HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n'],
  ],
  'a response to HEAD in chunks': [
    ['>>', head],
    ['<<', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ],
  'a response to HEAD without a length': [
    ['>>', head],
    ['<<', 'HTTP/1.1 200 OK\r\n\r\n'],
  ],
  '204 No Content': [
    ['>>', get],
    ['<<', noContent],
  ],
  '204 No Content with a length of 0': [
    ['>>', get],
    ['<<', 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n'],
  ],
  '304 Not Modified with the length that 200 would have': [
    ['>>', get],
    ['<<', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 2000\r\n\r\n'],
  ],
  '100 Continue before the content': [
    ['>>', 'POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n'],
    ['<<', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['>>', 'hello'],
    ['<<', ok],
  ],
  '103 Early Hints, twice': [
    ['>>', get],
    ['<<', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${ok}`],
  ],
  'a final response before the content has come': [
    ['>>', 'POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhe'],
    ['<<', ok],
    ['>>', 'llo'],
  ],
  'pipelined requests': [
    ['>>', get + head + post],
    ['<<', ok + 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n' + chunkedOk],
  ],
  'an upgrade that is not taken': [
    ['>>', upgrade],
    ['<<', ok],
  ],
  'HTTP/1.0 with keep-alive on both sides': [
    ['>>', 'GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n'],
    ['<<', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok'],
  ],
  'one exchange after the other': [
    ['>>', get],
    ['<<', ok],
    ['>>', post],
    ['<<', noContent],
    ['>>', get],
    ['<<', chunkedOk],
  ],
};

for (const [name, steps] of Object.entries(completeExchanges)) {
  test(`nothing is outstanding after ${name}, however the bytes are cut`, () => {
    const longest = Math.max(...steps.map(([, text]) => text.length));
    for (let pieceBytes = 1; pieceBytes <= longest; pieceBytes += 1) {
      const framer = new ExchangeFramer();
      for (const step of steps) play(framer, step, pieceBytes);
      assert.equal(framer.opaqueReason, undefined);
      assert.equal(framer.isIdle, true, `pieces of ${pieceBytes}`);
    }
  });

  test(`something is outstanding before the last byte of ${name}`, () => {
    const last = steps.at(-1) as Step;
    for (let cut = 0; cut < last[1].length; cut += 1) {
      const framer = new ExchangeFramer();
      for (const step of steps.slice(0, -1)) play(framer, step);
      play(framer, [last[0], last[1].toString().slice(0, cut)]);
      // Between two exchanges, and only there, nothing is.
      const isBetween = cut === 0 && (steps.length === 1 || name === 'one exchange after the other');
      if (!isBetween) assert.equal(framer.isIdle, false, `cut at ${cut}`);
    }
  });
}

/** Conversations that nobody may cut in two: each ends opaque, with its reason, and never was idle in its last step. */
const opaqueConversations: [name: string, reason: OpaqueReason, ...steps: Step[]][] = [
  ['TLS', 'control-character', ['>>', '\x16\x03\x01\x02\x00']],
  ['HTTP/2 with prior knowledge', 'start-line', ['>>', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']],
  ['HTTP/0.9', 'start-line', ['>>', 'GET /\r\n']],
  ['Redis', 'start-line', ['>>', '*1\r\n$4\r\nPING\r\n']],
  ['a server that greets', 'unsolicited', ['<<', '220 mail.example ESMTP\r\n']],
  ['a response to a request that is not complete', 'unsolicited', ['>>', 'GET / HT'], ['<<', 'H']],
  ['a response too many', 'unsolicited', ['>>', get], ['<<', ok + ok]],
  ['an empty line before a request', 'start-line', ['>>', `\r\n${get}`]],
  ['an empty line behind a request', 'start-line', ['>>', `${post}\r\n${get}`]],
  ['CONNECT', 'connect', ['>>', 'CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n']],
  [
    'a WebSocket',
    'upgrade',
    ['>>', upgrade],
    ['<<', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
  ],
  ['bytes behind a request for an upgrade', 'upgrade', ['>>', upgrade + get]],
  ['Connection: close of the client', 'last-exchange', ['>>', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n']],
  ['HTTP/1.0 of the client', 'last-exchange', ['>>', 'GET / HTTP/1.0\r\nHost: x\r\n\r\n']],
  [
    'Connection: close of the target',
    'last-exchange',
    ['>>', get],
    ['<<', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n'],
  ],
  [
    'HTTP/1.0 of the target',
    'last-exchange',
    ['>>', get],
    ['<<', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n'],
  ],
  [
    'a response that ends with the connection',
    'last-exchange',
    ['>>', get],
    ['<<', 'HTTP/1.1 200 OK\r\n\r\n'],
  ],
  ['a status line of another protocol', 'start-line', ['>>', get], ['<<', 'ICY 200 OK\r\n']],
  [
    'two lengths in a request (CL.TE, TE.CL)',
    'two-lengths',
    ['>>', 'POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ],
  [
    'two lengths in a response',
    'two-lengths',
    ['>>', get],
    ['<<', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n'],
  ],
  [
    'two lengths in a response to HEAD',
    'two-lengths',
    ['>>', head],
    ['<<', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n'],
  ],
  [
    'differing Content-Length fields (CL.CL)',
    'content-length',
    ['>>', 'POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n'],
  ],
  [
    'the same Content-Length twice',
    'content-length',
    ['>>', 'POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n'],
  ],
  [
    'differing Content-Length fields in a response',
    'content-length',
    ['>>', get],
    ['<<', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n'],
  ],
  ['a signed Content-Length', 'content-length', ['>>', 'POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n']],
  [
    'two transfer codings (TE.TE)',
    'transfer-coding',
    ['>>', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n'],
  ],
  [
    'a transfer coding that does not end in chunked',
    'transfer-coding',
    ['>>', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n'],
  ],
  [
    'a misspelt transfer coding',
    'transfer-coding',
    ['>>', 'POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n'],
  ],
  [
    'chunks of an HTTP/1.0 client',
    'transfer-coding',
    ['>>', 'POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ],
  [
    'chunks of an HTTP/1.0 server',
    'transfer-coding',
    ['>>', get],
    ['<<', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ],
  [
    'whitespace before the colon',
    'field-line',
    ['>>', 'POST / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n'],
  ],
  ['a folded field', 'field-line', ['>>', 'GET / HTTP/1.1\r\nA: b\r\n Transfer-Encoding: chunked\r\n\r\n']],
  ['a bare LF', 'control-character', ['>>', 'GET / HTTP/1.1\r\nA: b\nContent-Length: 5\r\n\r\n']],
  ['a head that ends with LF LF', 'control-character', ['>>', 'GET / HTTP/1.1\nHost: x\n\n']],
  ['a bare CR', 'control-character', ['>>', 'GET / HTTP/1.1\r\nA: b\rContent-Length: 5\r\n\r\n']],
  ['a NUL in a name', 'control-character', ['>>', 'GET / HTTP/1.1\r\nContent-\0Length: 5\r\n\r\n']],
  [
    'a vertical tab before a transfer coding',
    'control-character',
    ['>>', 'POST / HTTP/1.1\r\nTransfer-Encoding:\x0bchunked\r\n\r\n'],
  ],
  [
    'a chunk size that ends in LF',
    'control-character',
    ['>>', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;\nxx\r\n0\r\n\r\n'],
  ],
  [
    'a chunk size with a prefix',
    'chunk-size',
    ['>>', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n'],
  ],
  [
    'a chunk that is longer than it says',
    'chunk-end',
    ['>>', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n'],
  ],
  [
    'a trailer that tells a length',
    'trailer',
    ['>>', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n'],
  ],
  [
    'an interim response with content',
    'content-forbidden',
    ['>>', get],
    ['<<', 'HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n'],
  ],
  [
    '204 with content',
    'content-forbidden',
    ['>>', get],
    ['<<', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n'],
  ],
  ['a head without end', 'too-large', ['>>', `GET / HTTP/1.1\r\nA: ${'x'.repeat(65_536)}`]],
  ['too many requests at once', 'too-many-outstanding', ['>>', get.repeat(257)]],
];

for (const [name, reason, ...steps] of opaqueConversations)
  test(`${name} makes the connection opaque: ${reason}`, () => {
    for (const pieceBytes of [1, 7, Number.POSITIVE_INFINITY]) {
      const framer = new ExchangeFramer();
      for (const step of steps) play(framer, step, pieceBytes);
      assert.equal(framer.opaqueReason, reason, `pieces of ${pieceBytes}`);
      assert.equal(framer.isIdle, false);
      // For the rest of its life.
      play(framer, ['>>', get]);
      play(framer, ['<<', ok]);
      assert.equal(framer.opaqueReason, reason);
      assert.equal(framer.isIdle, false);
    }
  });

test('every reason is brought up by some conversation', () => {
  const seen = new Set(opaqueConversations.map(([, reason]) => reason));
  assert.deepEqual([...seen].sort(), Object.keys(opaqueReasons).sort());
});

test('observeClient() stops at each request, and at the next one when all before are answered', () => {
  const framer = new ExchangeFramer();
  assert.deepEqual(play(framer, ['>>', get + post + get]), [get.length, get.length + post.length]);

  const early = new ExchangeFramer();
  play(early, ['>>', post.slice(0, -1)]);
  play(early, ['<<', ok]);
  const rest = Buffer.from(`o${get}`);
  assert.equal(early.observeClient(rest, 0), 1);
  assert.equal(early.isIdle, true);
});

test('isFresh is true until the first byte of either side', () => {
  const framer = new ExchangeFramer();
  play(framer, ['>>', '']);
  play(framer, ['<<', '']);
  assert.equal(framer.isFresh, true);
  assert.equal(framer.isIdle, true);
  play(framer, ['>>', 'G']);
  assert.equal(framer.isFresh, false);
  const greeted = new ExchangeFramer();
  play(greeted, ['<<', 'x']);
  assert.equal(greeted.isFresh, false);
});

test('256 requests may be outstanding', () => {
  const framer = new ExchangeFramer();
  play(framer, ['>>', get.repeat(256)]);
  play(framer, ['<<', ok.repeat(256)]);
  assert.equal(framer.isIdle, true);
});

test('no bytes are changed and none are kept', () => {
  const framer = new ExchangeFramer();
  const bytes = Buffer.from(get.slice(0, 10));
  play(framer, ['>>', bytes]);
  assert.equal(bytes.toString(), get.slice(0, 10));
  bytes.fill(0);
  play(framer, ['>>', get.slice(10)]);
  play(framer, ['<<', ok]);
  assert.equal(framer.isIdle, true);
});

test('the next byte may start a request while others are outstanding', () => {
  const framer = new ExchangeFramer();
  assert.equal(framer.isBetweenRequests, true);
  framer.observeClient(Buffer.from('GET / HTTP/1.1\r\n'), 0);
  assert.equal(framer.isBetweenRequests, false);
  framer.observeClient(Buffer.from('\r\n'), 0);
  assert.deepEqual([framer.isBetweenRequests, framer.isIdle], [true, false]);
});
