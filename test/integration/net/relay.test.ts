import assert from 'node:assert/strict';
import { once, setMaxListeners } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { relay, type RelayResult } from '../../../src/net/index.ts';
import {
  countOpenSockets,
  openClient,
  record,
  startServer,
  waitFor,
  type Recording,
  type TestServer,
} from '../../support/sockets.ts';

interface Rig extends AsyncDisposable {
  readonly port: number;
  readonly results: RelayResult[];
  /** The relay's ends of its connections to the target. */
  readonly targets: Socket[];
  readonly controller: AbortController;
}

/** A relay between whoever connects (a) and `target` (b). */
async function startRelay(target: TestServer): Promise<Rig> {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const results: RelayResult[] = [];
  const targets: Socket[] = [];
  const server = await startServer((a) => {
    const b = connect({ port: target.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    targets.push(b);
    void relay(a, b, { signal: controller.signal }).then((result) => results.push(result));
  });
  return { ...server, port: server.port, results, targets, controller };
}

test('relay() carries bytes both ways and counts them', async () => {
  await using target = await startServer((socket) => socket.pipe(socket));
  await using rig = await startRelay(target);
  const client = await openClient(rig.port);
  const sent = Buffer.alloc(3_000_000, 'abcdefghijk');
  client.stream.end(sent);
  await client.closed;
  assert.equal(client.text(), sent.toString());
  await waitFor('the result', () => rig.results.length === 1);
  const bytes = sent.length;
  assert.deepEqual(rig.results, [{ bytesAToB: bytes, bytesBToA: bytes, endedBy: 'a', isComplete: true }]);
});

test('relay() delivers a response that comes after the client has half-closed', async () => {
  await using target = await startServer((socket) => {
    const request = record(socket);
    // Not before the end has crossed the relay, and a while later: with allowHalfOpen false all of it would be lost.
    socket.once('end', () => setTimeout(() => socket.end(`late answer to ${request.text()}`), 50));
  });
  await using rig = await startRelay(target);
  const client = await openClient(rig.port);
  client.stream.end('hello');
  await client.closed;
  assert.equal(client.text(), 'late answer to hello');
  assert.deepEqual(client.events, ['end', 'close']);
});

test('relay() forwards data after the target has half-closed', async () => {
  let targetSide: Recording | undefined;
  await using target = await startServer((socket) => {
    targetSide = record(socket);
    socket.once('data', () => socket.end('enough'));
  });
  await using rig = await startRelay(target);
  const client = await openClient(rig.port);
  client.stream.write('one ');
  await waitFor('the end from the target', () => client.events.includes('end'));
  client.stream.end('two');
  await client.closed;
  await waitFor('the result', () => rig.results.length === 1);
  await targetSide?.closed;
  assert.equal(targetSide?.text(), 'one two');
  assert.deepEqual(rig.results, [{ bytesAToB: 7, bytesBToA: 6, endedBy: 'b', isComplete: true }]);
});

test('relay() passes a reset of the target on as a reset', async () => {
  await using target = await startServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
  await using rig = await startRelay(target);
  const client = await openClient(rig.port);
  client.stream.write('x');
  await client.closed;
  assert.deepEqual(client.events, ['ECONNRESET', 'close']);
  await waitFor('the result', () => rig.results.length === 1);
  assert.deepEqual(rig.results, [{ bytesAToB: 1, bytesBToA: 0, endedBy: 'b', isComplete: false }]);
});

test('relay() passes a reset of the client on as a reset', async () => {
  let seen: readonly string[] = [];
  await using target = await startServer((socket) => {
    seen = record(socket).events;
    socket.write('welcome');
  });
  await using rig = await startRelay(target);
  const client = await openClient(rig.port);
  await waitFor('the greeting', () => client.text() === 'welcome');
  client.stream.resetAndDestroy();
  await waitFor('the end of the target', () => seen.includes('close'));
  assert.deepEqual(seen, ['ECONNRESET', 'close']);
  await waitFor('the result', () => rig.results.length === 1);
  assert.equal(rig.results[0]?.endedBy, 'a');
});

test('relay() passes a reset on that arrives together with the last bytes', async () => {
  // The target's bytes and its reset are in the relay's kernel before the relay reads: libuv calls that a normal end.
  await using target = await startServer((socket) => {
    socket.once('data', () => socket.write('half an ans', () => socket.resetAndDestroy()));
  });
  await using rig = await startRelay(target);
  const client = await openClient(rig.port);
  client.stream.write('x');
  await waitFor('the result', () => rig.results.length === 1);
  assert.deepEqual(rig.results, [{ bytesAToB: 1, bytesBToA: 11, endedBy: 'b', isComplete: false }]);
});

test('relay() resets the client when the target is reset after the client has half-closed', async () => {
  await using target = await startServer((socket) => {
    socket.resume();
    socket.once('end', () => socket.resetAndDestroy());
  });
  await using rig = await startRelay(target);
  const client = await openClient(rig.port);
  client.stream.end('hello');
  await client.closed;
  assert.deepEqual(client.events, ['ECONNRESET', 'close']);
});

test('relay() resets both sides when the signal aborts, and leaves no listener on it', async () => {
  await using target = await startServer((socket) => socket.resume());
  await using rig = await startRelay(target);
  const client = await openClient(rig.port);
  client.stream.write('x');
  await waitFor('the first byte', () => (target.sockets[0]?.bytesRead ?? 0) === 1);
  const targetSide = record(target.sockets[0] as Socket);
  rig.controller.abort();
  await client.closed;
  await targetSide.closed;
  assert.deepEqual(client.events, ['ECONNRESET', 'close']);
  assert.deepEqual(targetSide.events, ['ECONNRESET', 'close']);
  await waitFor('the result', () => rig.results.length === 1);
  assert.equal(rig.results[0]?.endedBy, 'signal');
});

test('relay() resets the other side when one was destroyed before', async () => {
  await using target = await startServer((socket) => socket.resume());
  const results: RelayResult[] = [];
  await using server = await startServer((a) => {
    const b = connect({ port: target.port, host: '127.0.0.1', allowHalfOpen: true });
    b.destroy();
    b.once('close', () => {
      void relay(a, b, { signal: new AbortController().signal }).then((result) => results.push(result));
    });
  });
  const client = await openClient(server.port);
  await client.closed;
  assert.deepEqual(client.events, ['ECONNRESET', 'close']);
  await waitFor('the result', () => results.length === 1);
  assert.deepEqual(results, [{ bytesAToB: 0, bytesBToA: 0, endedBy: 'b', isComplete: false }]);
});

test('relay() stops reading when the other side does not read', async () => {
  await using target = await startServer((socket) => socket.pause());
  await using rig = await startRelay(target);
  const client = await openClient(rig.port);
  const chunk = Buffer.alloc(1_000_000);
  let written = 0;
  // What the kernels of three sockets and the relay can hold, generously; without backpressure there is no bound.
  const boundBytes = 64_000_000;
  while (
    client.stream.write(chunk) ||
    (await Promise.race([once(client.stream, 'drain'), idle()])) !== 'idle'
  ) {
    written += chunk.length;
    assert.ok(written < boundBytes, 'the relay keeps on reading');
  }
  assert.ok((rig.targets[0]?.writableLength ?? 0) < 1_000_000);
  client.stream.destroy();
});

function idle(): Promise<'idle'> {
  return new Promise((resolve) => setTimeout(resolve, 300, 'idle'));
}

test(
  'relay() leaks no descriptor over 600 connections that end in every way',
  { timeout: 60_000 },
  async () => {
    await using target = await startServer((socket) => {
      socket.on('data', (chunk: Buffer) => {
        const command = chunk.toString('latin1').charAt(0);
        if (command === 'r') socket.resetAndDestroy();
        else if (command === 'e') socket.end('bye');
        else if (command === 'd') socket.end('bye', () => socket.resetAndDestroy());
        else socket.write(chunk);
      });
      socket.once('end', () => socket.end());
    });
    await using rig = await startRelay(target);
    const warnings: Error[] = [];
    const onWarning = (warning: Error): number => warnings.push(warning);
    process.on('warning', onWarning);
    const before = await countOpenSockets();
    const endings: ((socket: Socket) => void)[] = [
      (socket) => socket.end('x'),
      (socket) => socket.write('r'),
      (socket) => socket.end('r'),
      (socket) => socket.end('e'),
      (socket) => socket.write('d'),
      (socket) => socket.write('x', () => socket.resetAndDestroy()),
      (socket) => socket.end('d'),
      (socket) => socket.write('e', () => socket.destroy()),
    ];
    for (let round = 0; round < 30; round += 1) {
      const clients = await Promise.all(Array.from({ length: 20 }, () => openClient(rig.port)));
      for (const [index, { stream }] of clients.entries()) {
        stream.once('end', () => stream.end());
        endings[(round + index) % endings.length]?.(stream);
      }
      await Promise.all(clients.map(({ closed }) => closed));
    }
    await waitFor('all results', () => rig.results.length === 600);
    await waitFor('all sockets to be closed', async () => (await countOpenSockets()) <= before);
    process.off('warning', onWarning);
    assert.deepEqual(warnings, []);
  },
);
