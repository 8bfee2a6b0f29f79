import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nullLogger, type LogFields, type Logger } from '../../../src/core/index.ts';
import { closeAfter, runTunnel } from '../../../src/proxy-server/tunnel.ts';
import { createDuplexPair } from '../../support/duplex-pair.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { record } from '../../support/sockets.ts';

test('runTunnel() logs one line about a connection', async () => {
  const entries: (LogFields | undefined)[] = [];
  const logger: Logger = { ...nullLogger, debug: (_message, fields) => entries.push(fields) };
  const [west, east] = [createDuplexPair(), createDuplexPair()];
  record(west.a).stream.end('hi');
  record(east.b).stream.end('hello');
  const target = { host: 'shop', port: 80 };
  const { signal } = new AbortController();
  await runTunnel({ client: west.b, stream: east.a, target, protocol: 'socks5', signal, logger });
  assert.equal(entries.length, 1);
  assert.deepEqual(
    { ...entries[0], endedBy: undefined },
    {
      protocol: 'socks5',
      target: 'shop:80',
      bytesToTarget: 2,
      bytesToClient: 5,
      endedBy: undefined,
      isComplete: true,
    },
  );
});

test('closeAfter() sends the last bytes, reads on, and closes when the client does', async () => {
  const clock = createFakeClock();
  const { a, b } = createDuplexPair();
  const client = record(a);
  closeAfter(b, 'sorry', clock);
  a.write(Buffer.alloc(1_000_000));
  a.end();
  await client.closed;
  assert.equal(client.text(), 'sorry');
  assert.deepEqual(client.events, ['end', 'close']);
  assert.equal(clock.pendingTimers, 0);
});

test('closeAfter() resets a client that stays', async () => {
  const clock = createFakeClock();
  const { a, b } = createDuplexPair();
  const client = record(a);
  closeAfter(b, 'sorry', clock);
  await clock.advance(10_000);
  await client.closed;
  assert.deepEqual(client.events, ['end', 'NET_RESET', 'close']);
});

test('closeAfter() leaves nothing behind for a client that is gone', () => {
  const clock = createFakeClock();
  const { a } = createDuplexPair();
  a.destroy();
  closeAfter(a, 'sorry', clock);
  assert.equal(clock.pendingTimers, 0);
});
