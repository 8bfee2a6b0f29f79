/**
 * The framer's promise, that no reader sees a message start elsewhere, tested against one other reader: Node's llhttp. It
 * sees requests and responses out of a grammar, and the same with the tricks of request smuggling worked in.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ExchangeFramer } from '../../../../src/protocol/http1/index.ts';
import { play } from '../../../support/exchange.ts';
import { parseWithNode } from '../../../support/node-http-parser.ts';

const RUNS = 1500;

const field = fc.constantFrom(
  'Host: shop',
  'Accept: */*',
  'Connection: keep-alive',
  'X-Empty:',
  'X-Text: a\tb \xe9',
  'Cookie: a="b"; c',
  'Expect: 100-continue',
);
const fields = fc.array(field, { maxLength: 4 });
const text = fc.string({ maxLength: 20, unit: 'binary-ascii' });
const chunk = fc
  .tuple(
    fc.string({ minLength: 1, maxLength: 18, unit: 'binary-ascii' }),
    fc.constantFrom('', ';a', ';a=b;c="d"'),
  )
  .map(([data, extension]) => `${data.length.toString(16)}${extension}\r\n${data}\r\n`);
const trailers = fc.constantFrom('', 'T: x\r\n', 'T: x\r\nU:\r\n');

/** Framing fields, and the content that they announce. */
const content = fc.oneof(
  fc.constant({ framing: [] as string[], body: '' }),
  text.map((body) => ({ framing: [`Content-Length: ${body.length}`], body })),
  fc.tuple(fc.array(chunk, { maxLength: 3 }), trailers).map(([chunks, trailer]) => ({
    framing: ['Transfer-Encoding: chunked'],
    body: `${chunks.join('')}0\r\n${trailer}\r\n`,
  })),
);

const request = fc
  .record({ method: fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS'), target: fc.webPath(), fields, content })
  .map(({ method, target, fields: others, content: { framing, body } }) =>
    [`${method} ${target === '' ? '/' : target} HTTP/1.1`, ...others, ...framing, `\r\n${body}`].join('\r\n'),
  );

interface Exchange {
  isHead: boolean;
  response: string;
}

const interim = fc.constantFrom(
  '',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n',
);
const exchange: fc.Arbitrary<Exchange> = fc
  .record({
    isHead: fc.boolean(),
    status: fc.constantFrom('200 OK', '204 No Content', '304 Not Modified', '404 Not Found', '500 '),
    before: interim,
    fields,
    content,
  })
  .map(({ isHead, status, before, fields: others, content: { framing, body } }) => {
    const isBare = /^[23]04/.test(status);
    const isEmpty = isHead || isBare;
    const length = isBare ? [] : framing.length > 0 ? framing : ['Content-Length: 0'];
    const start = [`HTTP/1.1 ${status}`, ...others, ...length, '\r\n'].join('\r\n');
    return { isHead, response: before + start + (isEmpty ? '' : body) };
  });

/** What people have used to make two readers disagree, and single bytes that matter. */
const tricks = [
  [
    '\r\n',
    '\n',
    '\r',
    '\r\r\n',
    '\0',
    ' ',
    '\t',
    '\x0b',
    '\xa0',
    ':',
    ',',
    ';',
    '0',
    '1',
    'a',
    'G',
    'x',
    '-',
    '+',
    '0x',
  ],
  ['Content-Length: 0\r\n', 'Content-Length: 3\r\n', 'Content-Length : 3\r\n', ' Content-Length: 3\r\n'],
  ['Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: identity\r\n', 'Transfer-Encoding:\tchunked\r\n'],
  [
    'Transfer-Encoding: chunked, chunked\r\n',
    'Transfer-Encoding: xchunked\r\n',
    'Transfer-Encoding\r\n : chunked\r\n',
  ],
  [
    'Connection: close\r\n',
    'Connection: upgrade\r\nUpgrade: x\r\n',
    'HTTP/1.0',
    'HTTP/1.1',
    'CONNECT',
    'HEAD',
  ],
  ['\r\n\r\n', '0\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
].flat();

interface Edit {
  /** Ten-thousandths of the length. */
  at: number;
  removed: number;
  inserted: string;
}
const edit = fc.record({
  at: fc.noBias(fc.integer({ min: 0, max: 9999 })),
  removed: fc.nat({ max: 3 }),
  inserted: fc.oneof(fc.constant(''), fc.constantFrom(...tricks)),
});

function apply(original: string, edits: readonly Edit[]): string {
  return edits.reduce((edited, { at, removed, inserted }) => {
    const index = Math.floor((at * edited.length) / 10_000);
    return edited.slice(0, index) + inserted + edited.slice(index + removed);
  }, original);
}

/** The ends of requests that the framer claims; the byte behind the last of them is one more request's first. */
function requestEnds(bytes: Buffer): number[] {
  return play(new ExchangeFramer(), ['>>', Buffer.concat([bytes, Buffer.from('G')])]);
}

/** The ends of responses that the framer claims, each of them the answer to one request. */
function responseEnds(bytes: Buffer, isToHead: (index: number) => boolean): number[] {
  const framer = new ExchangeFramer();
  const ends: number[] = [];
  let isWaiting = false;
  for (let offset = 0; offset < bytes.length; offset += 1) {
    if (!isWaiting) play(framer, ['>>', `${isToHead(ends.length) ? 'HEAD' : 'GET'} / HTTP/1.1\r\n\r\n`]);
    framer.observeTarget(bytes.subarray(offset, offset + 1));
    isWaiting = !framer.isIdle;
    if (!isWaiting) ends.push(offset + 1);
  }
  return ends;
}

/** Node saw each end that was claimed, in order, or had refused the bytes before it. */
function assertAgreed(
  claimed: readonly number[],
  { ends, refusedAt }: ReturnType<typeof parseWithNode>,
): void {
  for (const [index, end] of claimed.entries())
    if (refusedAt === undefined || refusedAt >= end)
      assert.equal(end, ends[index], `end ${index} of ${claimed.join()}; Node: ${ends.join()}`);
}

test('requests as they should be: the framer and Node see the same ends', () => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 4 }), (requests) => {
      const bytes = Buffer.from(requests.join(''), 'latin1');
      const byNode = parseWithNode(bytes, { kind: 'requests' });
      assert.equal(byNode.refusedAt, undefined);
      assert.deepEqual(requestEnds(bytes), byNode.ends);
      assert.equal(byNode.ends.at(-1), bytes.length);
    }),
    { numRuns: RUNS },
  );
});

test('responses as they should be: the framer and Node see the same ends', () => {
  fc.assert(
    fc.property(fc.array(exchange, { minLength: 1, maxLength: 4 }), (exchanges) => {
      const bytes = Buffer.from(exchanges.map(({ response }) => response).join(''), 'latin1');
      const isToHead = (index: number): boolean => exchanges[index]?.isHead === true;
      const byNode = parseWithNode(bytes, { kind: 'responses', isToHead });
      assert.equal(byNode.refusedAt, undefined);
      assert.deepEqual(responseEnds(bytes, isToHead), byNode.ends);
      assert.equal(byNode.ends.at(-1), bytes.length);
    }),
    { numRuns: RUNS },
  );
});

test('requests with tricks: where the framer sees an end, Node sees it too', () => {
  let agreed = 0;
  fc.assert(
    fc.property(
      fc.array(request, { minLength: 1, maxLength: 3 }),
      fc.array(edit, { minLength: 1, maxLength: 3 }),
      (requests, edits) => {
        const bytes = Buffer.from(apply(requests.join(''), edits), 'latin1');
        const claimed = requestEnds(bytes);
        assertAgreed(claimed, parseWithNode(bytes, { kind: 'requests' }));
        agreed += claimed.length;
      },
    ),
    { numRuns: 3 * RUNS },
  );
  assert.ok(agreed > RUNS, `agreed on only ${agreed}`);
});

test('responses with tricks: where the framer sees an end, Node sees it too', () => {
  let agreed = 0;
  fc.assert(
    fc.property(
      fc.array(exchange, { minLength: 1, maxLength: 3 }),
      fc.array(edit, { minLength: 1, maxLength: 3 }),
      (exchanges, edits) => {
        const bytes = Buffer.from(apply(exchanges.map(({ response }) => response).join(''), edits), 'latin1');
        const isToHead = (index: number): boolean => exchanges[index]?.isHead === true;
        const claimed = responseEnds(bytes, isToHead);
        assertAgreed(claimed, parseWithNode(bytes, { kind: 'responses', isToHead }));
        agreed += claimed.length;
      },
    ),
    { numRuns: 3 * RUNS },
  );
  assert.ok(agreed > RUNS, `agreed on only ${agreed}`);
});
