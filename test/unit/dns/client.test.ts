import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDnsClient, type DnsClient } from '../../../src/dns/index.ts';
import { SERVER_TIMEOUT_MS } from '../../../src/dns/client.ts';
import { DnsStreamDecoder, encodeStreamMessage } from '../../../src/dns/stream.ts';
import { encodeFailure } from '../../../src/protocol/dns/index.ts';
import type { DatagramDialer, Dialer } from '../../../src/net/index.ts';
import { createDuplexPair } from '../../support/duplex-pair.ts';
import { makeQuery } from '../../support/dns-query.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';

const query = makeQuery('web', 1);
const { signal } = new AbortController();

/** Servers by address: what each answers to a datagram or on a stream; undefined: nothing. */
function clientOf(servers: Record<string, (query: Buffer) => Buffer | undefined>): {
  client: DnsClient;
  clock: FakeClock;
  sent: string[];
  closed: string[];
} {
  const clock = createFakeClock();
  const sent: string[] = [];
  const closed: string[] = [];
  const dialer: Dialer & DatagramDialer = {
    dial: ({ host }) => {
      const { a: near, b: far } = createDuplexPair();
      const decoder = new DnsStreamDecoder();
      far.on('data', (chunk: Buffer) => {
        for (const message of decoder.push(chunk)) {
          const answer = servers[host]?.(message);
          if (answer === undefined) far.end();
          else far.write(encodeStreamMessage(answer));
        }
      });
      near.once('close', () => closed.push(host));
      return Promise.resolve(near);
    },
    associate: ({ host }) => {
      let listener: (datagram: Buffer) => void = () => undefined;
      return Promise.resolve({
        send: (datagram) => {
          sent.push(host);
          const answer = servers[host]?.(datagram);
          if (answer !== undefined) listener(answer);
        },
        onDatagram: (given) => {
          listener = given;
        },
        close: () => closed.push(host),
        closed: new Promise<void>(() => undefined),
      });
    },
  };
  const addresses = Object.keys(servers);
  return {
    client: createDnsClient({ dialer, servers: () => Promise.resolve(addresses), clock }),
    clock,
    sent,
    closed,
  };
}

for (const transport of ['datagram', 'stream'] as const)
  test(`ask() returns the answer by ${transport} and leaves nothing open`, async () => {
    const { client, clock, closed } = clientOf({ '10.0.0.1': (asked) => encodeFailure(asked, 0) });
    assert.deepEqual(await client.ask(query, { transport, signal }), encodeFailure(query, 0));
    await clock.advance(0);
    assert.deepEqual(closed, ['10.0.0.1']);
    assert.equal(clock.pendingTimers, 0);
  });

test('a lost datagram is sent again, then the next server is asked', async () => {
  const { client, clock, sent } = clientOf({ a: () => undefined, b: (asked) => encodeFailure(asked, 0) });
  const asking = client.ask(query, { transport: 'datagram', signal });
  await clock.advance(0);
  await clock.advance(SERVER_TIMEOUT_MS);
  assert.deepEqual(await asking, encodeFailure(query, 0));
  assert.deepEqual(sent, ['a', 'a', 'b']);
  assert.equal(clock.pendingTimers, 0);
});

test('an answer to another question is not taken', async () => {
  const { client, clock } = clientOf({ a: () => encodeFailure(makeQuery('other', 1), 0) });
  const asking = assert.rejects(client.ask(query, { transport: 'datagram', signal }), /time-out/);
  await clock.advance(0);
  await clock.advance(SERVER_TIMEOUT_MS);
  await asking;
});

test('without a server, and with one that closes, asking fails', async () => {
  await assert.rejects(clientOf({}).client.ask(query, { transport: 'stream', signal }), /there is none/);
  const { client } = clientOf({ a: () => undefined });
  await assert.rejects(client.ask(query, { transport: 'stream', signal }), /closed/);
});

test('the signal ends it', async () => {
  const { client, clock } = clientOf({ a: () => undefined });
  const reason = new Error('enough');
  const controller = new AbortController();
  const asking = assert.rejects(
    client.ask(query, { transport: 'datagram', signal: controller.signal }),
    reason,
  );
  await clock.advance(0);
  controller.abort(reason);
  await asking;
  assert.equal(clock.pendingTimers, 0);
});
