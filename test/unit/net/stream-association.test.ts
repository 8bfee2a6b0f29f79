import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStreamAssociation } from '../../../src/net/index.ts';
import { createDuplexPair } from '../../support/duplex-pair.ts';
import { record, waitFor } from '../../support/sockets.ts';

test('datagrams keep their boundaries both ways', async () => {
  const pair = createDuplexPair();
  const [a, b] = [createStreamAssociation(pair.a), createStreamAssociation(pair.b)];
  const received: string[] = [];
  b.onDatagram((datagram) => b.send(Buffer.from(`re: ${datagram.toString()}`)));
  a.onDatagram((datagram) => received.push(datagram.toString()));
  for (const text of ['one', '', 'three']) a.send(Buffer.from(text));
  await waitFor('the answers', () => received.length === 3);
  assert.deepEqual(received, ['re: one', 're: ', 're: three']);
});

test('close() lets what was sent before arrive, and closes both ends', async () => {
  const pair = createDuplexPair();
  const [a, b] = [createStreamAssociation(pair.a), createStreamAssociation(pair.b)];
  const received: string[] = [];
  b.onDatagram((datagram) => received.push(datagram.toString()));
  a.send(Buffer.from('last words'));
  a.close();
  a.close();
  a.send(Buffer.from('too late'));
  await Promise.all([a.closed, b.closed]);
  assert.deepEqual(received, ['last words']);
});

test('send() drops datagrams when 1 MiB waits, and those that UDP cannot carry', () => {
  const { a: stream } = createDuplexPair();
  const association = createStreamAssociation(stream);
  const waitingBytes = (): number => stream.writableLength;
  association.send(Buffer.alloc(65_508));
  assert.equal(waitingBytes(), 0);
  for (let count = 0; count < 100; count += 1) association.send(Buffer.alloc(60_000));
  assert.ok(waitingBytes() > 900_000);
  assert.ok(waitingBytes() <= 1_048_576 + 2);
});

test('a broken frame resets the stream', async () => {
  const { a, b } = createDuplexPair();
  const association = createStreamAssociation(a);
  const other = record(b);
  b.write(Buffer.from('ffff', 'hex'));
  await association.closed;
  await other.closed;
  assert.deepEqual(other.events, ['NET_RESET', 'close']);
});

test('an end inside a frame resets the stream', async () => {
  const { a, b } = createDuplexPair();
  const association = createStreamAssociation(a);
  const other = record(b);
  b.end(Buffer.from('000561', 'hex'));
  await association.closed;
  await other.closed;
  assert.deepEqual(other.events, ['NET_RESET', 'close']);
});

test('a stream that breaks, or was closed before, closes the association', async () => {
  const { a, b } = createDuplexPair();
  const association = createStreamAssociation(a);
  record(b);
  b.destroy(new Error('broken'));
  await association.closed;
  await createStreamAssociation(a).closed;
});
