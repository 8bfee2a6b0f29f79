import assert from 'node:assert/strict';
import type { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import type { HeldClaim } from '../../../agent/claims.ts';
import { followExchanges, type FollowOptions, type Followed } from '../../../agent/follow-exchanges.ts';
import { ExchangeFramer } from '../../../src/protocol/http1/index.ts';
import { createDuplexPair } from '../../support/duplex-pair.ts';
import { record, waitFor, type Recording } from '../../support/sockets.ts';

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

interface Following {
  /** The client's and the target's own ends. */
  client: Recording;
  target: Recording;
  /** The ends in between. */
  clientStream: Duplex;
  targetStream: Duplex;
  framer: ExchangeFramer;
  endClaim: () => void;
  abort: () => void;
  hasLeft: () => boolean;
  followed: Promise<Followed>;
}

interface Variation extends Partial<
  Pick<FollowOptions, 'goesElsewhere' | 'isReplaceable' | 'stopsAtGreeting'>
> {
  waiting?: string;
  isAtLaptop?: boolean;
  prepare?: (streams: { clientStream: Duplex; targetStream: Duplex }) => void;
}

function follow({
  goesElsewhere = () => false,
  isReplaceable = () => false,
  stopsAtGreeting = false,
  waiting = '',
  isAtLaptop = false,
  prepare,
}: Variation = {}): Following {
  const { a: clientEnd, b: clientStream } = createDuplexPair();
  const { a: targetEnd, b: targetStream } = createDuplexPair();
  for (const stream of [clientStream, targetStream]) stream.on('error', () => undefined);
  const ended = new AbortController();
  const lifetime = new AbortController();
  const framer = new ExchangeFramer();
  let hasLeft = false;
  prepare?.({ clientStream, targetStream });
  const followed = followExchanges({
    client: clientStream,
    target: {
      stream: targetStream,
      claim: isAtLaptop ? ({ ended: ended.signal } as HeldClaim) : undefined,
      leave: () => {
        hasLeft = true;
      },
    },
    framer,
    waiting: Buffer.from(waiting),
    goesElsewhere,
    isReplaceable,
    stopsAtGreeting,
    signal: lifetime.signal,
  });
  return {
    client: record(clientEnd),
    target: record(targetEnd),
    clientStream,
    targetStream,
    framer,
    endClaim: () => {
      ended.abort();
    },
    abort: () => {
      lifetime.abort();
    },
    hasLeft: () => hasLeft,
    followed,
  };
}

/** One exchange, completely over. */
async function completeExchange({ client, target }: Following): Promise<void> {
  const [seen, answered] = [target.text().length, client.text().length];
  client.stream.write(get);
  await waitFor('the request', () => target.text().length === seen + get.length);
  target.stream.write(ok);
  await waitFor('the response', () => client.text().length === answered + ok.length);
}

/** What `followed` resolved with, and that nothing of it stays behind. */
async function endOf({ followed, clientStream, targetStream }: Following): Promise<[string, string]> {
  const { kind, waiting } = await followed;
  for (const stream of [clientStream, targetStream]) {
    assert.equal(stream.isPaused(), true);
    assert.equal(stream.listenerCount('data') + stream.listenerCount('drain'), 0);
  }
  return [kind, waiting.toString()];
}

test('a request is not moved when another target would be chosen', async () => {
  let isStale = false;
  const following = follow({ goesElsewhere: () => isStale });
  await completeExchange(following);
  isStale = true;
  following.client.stream.write(get);
  assert.deepEqual(await endOf(following), ['next-request', get]);
  assert.equal(following.target.text(), get);
  assert.equal(following.hasLeft(), false);
});

test('a target chosen for one request gets that one', async () => {
  const following = follow({ goesElsewhere: (_bytes, isFirst) => !isFirst, waiting: get });
  await waitFor('the request', () => following.target.text() === get);
  following.target.stream.write(ok);
  await waitFor('the response', () => following.client.text() === ok);
  following.client.stream.write(get);
  assert.deepEqual(await endOf(following), ['next-request', get]);
});

test('bytes up to the next request are moved, the rest waits', async () => {
  let isStale = false;
  const following = follow({ goesElsewhere: () => isStale });
  following.client.stream.write('POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\na');
  await waitFor('the request', () => following.target.text().endsWith('a'));
  following.target.stream.write(ok);
  await waitFor('the response', () => following.client.text() === ok);
  isStale = true;
  following.client.stream.write(`bc${get}`);
  assert.deepEqual(await endOf(following), ['next-request', get]);
  assert.match(following.target.text(), /\r\n\r\nabc$/);
});

test('what is not HTTP stays, and its bytes are moved', async () => {
  const following = follow();
  following.client.stream.write('\x16\x03\x01');
  assert.deepEqual(await endOf(following), ['final', '']);
  await waitFor('the bytes', () => following.target.text() === '\x16\x03\x01');
});

test('a target that speaks first stays', async () => {
  const following = follow({ isAtLaptop: true });
  following.target.stream.write('220 hello\r\n');
  assert.deepEqual(await endOf(following), ['final', '']);
  await waitFor('the bytes', () => following.client.text() === '220 hello\r\n');
});

test('a claim that ends takes an idle connection with it, at once', async () => {
  const following = follow({ isAtLaptop: true });
  await completeExchange(following);
  following.endClaim();
  assert.equal(following.hasLeft(), true);
  assert.deepEqual(await endOf(following), ['target-gone', '']);
});

test('a claim that ends takes a busy connection with it when the response is complete', async () => {
  const following = follow({ isAtLaptop: true });
  following.client.stream.write(get);
  await waitFor('the request', () => following.target.text() === get);
  following.endClaim();
  following.target.stream.write(ok.slice(0, -1));
  await waitFor('most of the response', () => following.client.text() === ok.slice(0, -1));
  assert.equal(following.hasLeft(), false);
  following.target.stream.write(ok.slice(-1));
  assert.deepEqual(await endOf(following), ['target-gone', '']);
  assert.equal(following.hasLeft(), true);
});

const ends: [name: string, expected: Followed['kind'], variation: Variation, act: (f: Following) => void][] =
  [
    ['an idle target that closes', 'final', {}, ({ target }) => target.stream.end()],
    ['an idle laptop that closes', 'final', { isAtLaptop: true }, ({ target }) => target.stream.end()],
    [
      'an idle target that closes and is not the right one any more',
      'target-gone',
      { isReplaceable: () => true },
      ({ target }) => target.stream.end(),
    ],
    [
      'an idle target that breaks',
      'final',
      {},
      ({ targetStream }) => targetStream.destroy(new Error('reset')),
    ],
    [
      'an idle laptop that breaks',
      'target-gone',
      { isAtLaptop: true },
      ({ targetStream }) => targetStream.destroy(new Error('reset')),
    ],
    ['a client that ends', 'final', {}, ({ client }) => client.stream.end()],
    ['a client that breaks', 'final', {}, ({ clientStream }) => clientStream.destroy(new Error('reset'))],
    [
      'the end of everything',
      'final',
      {},
      (f) => {
        f.abort();
      },
    ],
  ];
for (const [name, expected, variation, act] of ends)
  test(`${name}: ${expected}`, async () => {
    const following = follow(variation);
    act(following);
    assert.deepEqual(await endOf(following), [expected, '']);
  });

test('a busy laptop that breaks is final', async () => {
  const following = follow({ isAtLaptop: true, waiting: get });
  following.targetStream.destroy(new Error('reset'));
  assert.deepEqual(await endOf(following), ['final', '']);
});

test('a laptop that is broken from the start leaves the bytes that wait', async () => {
  const following = follow({
    isAtLaptop: true,
    waiting: get,
    prepare: ({ targetStream }) => targetStream.destroy(new Error('reset')),
  });
  assert.deepEqual(await endOf(following), ['target-gone', get]);
});

test('a client that is gone from the start is final', async () => {
  const following = follow({ prepare: ({ clientStream }) => clientStream.destroy() });
  assert.deepEqual(await endOf(following), ['final', '']);
});

describe('pipelined requests', () => {
  const other = 'GET /other HTTP/1.1\r\n\r\n';
  const isOther = (bytes: Buffer): boolean => bytes.toString('latin1').startsWith('GET /other');

  test('one that goes elsewhere waits until everything before it is answered', async () => {
    const following = follow({ goesElsewhere: isOther });
    following.client.stream.write(get + get + other + get);
    await waitFor('the two before', () => following.target.text() === get + get);
    following.target.stream.write(ok);
    await waitFor('the first response', () => following.client.text() === ok);
    assert.equal(following.clientStream.isPaused(), true);
    following.target.stream.write(ok);
    assert.deepEqual(await endOf(following), ['next-request', other + get]);
    assert.equal(following.target.text(), get + get);
  });

  test('those that stay are moved at once', async () => {
    const following = follow({ goesElsewhere: isOther });
    following.client.stream.write(get);
    following.client.stream.write(get + get);
    await waitFor('all three', () => following.target.text() === get + get + get);
    following.abort();
    await endOf(following);
  });

  test('a target that ends before its response is complete does not get the request of another', async () => {
    const following = follow({ goesElsewhere: isOther });
    following.client.stream.write(get + other);
    await waitFor('the first', () => following.target.text() === get);
    following.target.stream.end(ok.slice(0, -1));
    assert.deepEqual(await endOf(following), ['over', '']);
    assert.equal(following.client.text(), ok.slice(0, -1));
    assert.equal(following.target.text(), get);
  });

  test('a last response is passed on to its end, and then the connection is over', async () => {
    const last = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end';
    const following = follow({ goesElsewhere: isOther });
    following.client.stream.write(get + other);
    await waitFor('the first', () => following.target.text() === get);
    following.target.stream.write(last.slice(0, 50));
    await waitFor('its start', () => following.client.text() === last.slice(0, 50));
    following.target.stream.end(last.slice(50));
    assert.deepEqual(await endOf(following), ['over', '']);
    assert.equal(following.client.text(), last);
    assert.equal(following.target.text(), get);
  });

  test('what follows an upgrade belongs to it', async () => {
    const upgrade = 'GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n';
    const following = follow({ goesElsewhere: (_bytes, isFirst) => !isFirst });
    following.client.stream.write(`${upgrade}frame`);
    await waitFor('the request', () => following.target.text() === upgrade);
    following.target.stream.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    assert.deepEqual(await endOf(following), ['final', '']);
    await waitFor('the frame', () => following.target.text() === `${upgrade}frame`);
  });
});
