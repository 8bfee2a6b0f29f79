/**
 * What every {@link Dialer} must do, whoever dials: this machine or a pod at the other end of a tunnel. The dialer under
 * test must reach 127.0.0.1 of this process.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dialer } from '../../src/net/index.ts';
import { findClosedPort, record, startServer, waitFor } from '../support/sockets.ts';

const host = '127.0.0.1';

export function describeDialer(
  name: string,
  withDialer: (use: (dialer: Dialer) => Promise<void>) => Promise<void>,
): void {
  const { signal } = new AbortController();

  test(`${name}: the stream is open, half-open, and carries bytes both ways`, async () => {
    await using server = await startServer((socket) => {
      socket.once('end', () => socket.end(' and goodbye'));
      socket.on('data', (chunk: Buffer) => socket.write(chunk));
    });
    await withDialer(async (dialer) => {
      const stream = await dialer.dial({ host, port: server.port }, { signal });
      assert.equal(stream.allowHalfOpen, true);
      const recording = record(stream);
      stream.end('hello');
      await recording.closed;
      assert.equal(recording.text(), 'hello and goodbye');
      assert.deepEqual(recording.events, ['end', 'close']);
    });
  });

  test(`${name}: the stream comes without listeners that would keep others alive`, async () => {
    await using server = await startServer(() => undefined);
    await withDialer(async (dialer) => {
      const stream = await dialer.dial({ host, port: server.port }, { signal });
      assert.equal(stream.listenerCount('data'), 0);
      assert.equal(stream.readableFlowing, null);
      stream.destroy();
    });
  });

  test(`${name}: names are resolved by who dials`, async () => {
    await using server = await startServer((socket) => socket.end('here'));
    await withDialer(async (dialer) => {
      const recording = record(await dialer.dial({ host: 'localhost', port: server.port }, { signal }));
      recording.stream.end();
      await recording.closed;
      assert.equal(recording.text(), 'here');
    });
  });

  test(`${name}: a closed port is NET_REFUSED`, async () => {
    const port = await findClosedPort();
    await withDialer(async (dialer) => {
      await assert.rejects(dialer.dial({ host, port }, { signal }), { code: 'NET_REFUSED' });
    });
  });

  test(`${name}: a reset reaches the caller as an error`, async () => {
    await using server = await startServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    await withDialer(async (dialer) => {
      const recording = record(await dialer.dial({ host, port: server.port }, { signal }));
      recording.stream.write('x');
      await recording.closed;
      assert.equal(recording.events.length, 2);
      assert.notEqual(recording.events[0], 'end');
    });
  });

  test(`${name}: a signal that has aborted stops the dial before it starts`, async () => {
    await using server = await startServer(() => undefined);
    const reason = new Error('no longer wanted');
    await withDialer(async (dialer) => {
      const aborted = AbortSignal.abort(reason);
      await assert.rejects(dialer.dial({ host, port: server.port }, { signal: aborted }), reason);
    });
    assert.equal(server.sockets.length, 0);
  });

  test(`${name}: a signal that aborts later leaves the connection alone`, async () => {
    await using server = await startServer((socket) => socket.pipe(socket));
    const controller = new AbortController();
    await withDialer(async (dialer) => {
      const recording = record(await dialer.dial({ host, port: server.port }, { signal: controller.signal }));
      controller.abort();
      recording.stream.write('still');
      await waitFor('the echo', () => recording.text() === 'still');
      recording.stream.destroy();
    });
  });
}
