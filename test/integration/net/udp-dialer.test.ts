import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { createUdpDialer } from '../../../src/net/index.ts';
import { countOpenSockets, waitFor } from '../../support/sockets.ts';

const { signal } = new AbortController();

async function startEcho(): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket('udp4');
  socket.on('message', (datagram: Buffer, { port, address }: RemoteInfo) =>
    socket.send(datagram, port, address),
  );
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { socket, port: socket.address().port };
}

test('datagrams go to the target and back, empty and large ones too', async () => {
  const before = await countOpenSockets();
  const echo = await startEcho();
  const association = await createUdpDialer().associate({ host: 'localhost', port: echo.port }, { signal });
  const sizes: number[] = [];
  association.onDatagram((datagram) => sizes.push(datagram.length));
  for (const size of [5, 0, 65_507]) {
    const count = sizes.length;
    association.send(Buffer.alloc(size));
    await waitFor('the echo', () => sizes.length > count);
  }
  assert.deepEqual(sizes, [5, 0, 65_507]);
  association.close();
  association.close();
  await association.closed;
  association.send(Buffer.from('into the void'));
  echo.socket.close();
  await waitFor('the sockets to be closed', async () => (await countOpenSockets()) <= before);
});

test('a datagram from somebody else is not delivered', async () => {
  const echo = await startEcho();
  const stranger = createSocket('udp4');
  const association = await createUdpDialer().associate({ host: '127.0.0.1', port: echo.port }, { signal });
  const received: string[] = [];
  association.onDatagram((datagram) => received.push(datagram.toString()));
  echo.socket.on('message', (_datagram, { port }) => {
    stranger.send('stranger', port, '127.0.0.1', () => association.send(Buffer.from('second')));
    echo.socket.removeAllListeners('message');
    echo.socket.on('message', (datagram: Buffer) => echo.socket.send(datagram, port, '127.0.0.1'));
  });
  association.send(Buffer.from('first'));
  await waitFor('the second echo', () => received.includes('second'));
  assert.deepEqual(received, ['first', 'second']);
  association.close();
  echo.socket.close();
  stranger.close();
});

test('a port where nobody listens loses datagrams and does not end the association', async () => {
  const echo = await startEcho();
  echo.socket.close();
  const association = await createUdpDialer().associate({ host: '127.0.0.1', port: echo.port }, { signal });
  const received: string[] = [];
  association.onDatagram((datagram) => received.push(datagram.toString()));
  association.send(Buffer.from('lost'));
  const later = createSocket('udp4');
  later.bind(echo.port, '127.0.0.1');
  await once(later, 'listening');
  later.on('message', (datagram: Buffer, { port }) => later.send(datagram, port, '127.0.0.1'));
  await waitFor('an echo', () => {
    association.send(Buffer.from('again'));
    return received.includes('again');
  });
  association.close();
  later.close();
});

test('a signal that has aborted stops the association before it starts', async () => {
  const reason = new Error('no longer wanted');
  const target = { host: '127.0.0.1', port: 9 };
  await assert.rejects(createUdpDialer().associate(target, { signal: AbortSignal.abort(reason) }), reason);
});

test('a signal that aborts during the look-up ends it', async () => {
  const controller = new AbortController();
  const reason = new Error('no longer wanted');
  const association = createUdpDialer().associate({ host: 'shop.invalid', port: 9 }, controller);
  controller.abort(reason);
  await assert.rejects(association, reason);
});

test('a name that does not exist is said so', async () => {
  const association = createUdpDialer().associate({ host: 'shop.invalid', port: 9 }, { signal });
  const error = await association.catch((e: unknown) => e);
  assert.match((error as { code: string }).code, /^(NET_NAME_NOT_FOUND|NET_UNREACHABLE)$/);
});

test('a target that cannot be connected to is said so, and no socket is left', async () => {
  const before = await countOpenSockets();
  const association = createUdpDialer().associate({ host: '127.0.0.1', port: 0 }, { signal });
  await assert.rejects(association, { code: 'NET_FAILED' });
  await waitFor('the socket to be closed', async () => (await countOpenSockets()) <= before);
});
