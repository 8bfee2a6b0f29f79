import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Socket as TcpSocket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { SocksClient } from 'socks';
import { decodeUdpRequest, encodeUdpRequest } from '../../../src/protocol/socks5/index.ts';
import { startTestProxy } from '../../support/proxy-rig.ts';
import { countOpenSockets, waitFor } from '../../support/sockets.ts';

const host = '127.0.0.1';

/** A UDP socket on loopback, closed with the test. */
async function openUdp(t: TestContext, address: string = host): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket('udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  t.after(() => socket.close());
  return { socket, port: socket.address().port };
}

async function openEcho(t: TestContext): Promise<number> {
  const { socket, port } = await openUdp(t);
  socket.on('message', (datagram: Buffer, from: RemoteInfo) =>
    socket.send(datagram, from.port, from.address),
  );
  return port;
}

/** Asks for an association by the npm package `socks`. */
async function associate(proxyPort: number): Promise<{ control: TcpSocket; relayPort: number }> {
  const client = new SocksClient({
    command: 'associate',
    proxy: { host, port: proxyPort, type: 5 },
    destination: { host: '0.0.0.0', port: 0 },
  });
  const established = once(client, 'established') as Promise<
    [{ socket: TcpSocket; remoteHost: { host: string; port: number } }]
  >;
  client.connect();
  const [{ socket: control, remoteHost }] = await established;
  assert.equal(remoteHost.host, host);
  control.resume();
  return { control, relayPort: remoteHost.port };
}

/** Collects the text of datagrams that come through the proxy, with their source. */
function collect(socket: Socket): string[] {
  const received: string[] = [];
  socket.on('message', (message: Buffer) => {
    const { destination, data } = decodeUdpRequest(message);
    received.push(`${destination.host}:${String(destination.port)} ${data.toString()}`);
  });
  return received;
}

function wrap(port: number, text: string, { fragment = 0, name = host } = {}): Buffer {
  return encodeUdpRequest({ fragment, destination: { host: name, port }, data: Buffer.from(text) });
}

test('datagrams reach their targets and come back, by address and by name', async (t) => {
  await using proxy = await startTestProxy();
  const [one, two] = [await openEcho(t), await openEcho(t)];
  const { control, relayPort } = await associate(proxy.port);
  const { socket } = await openUdp(t);
  const received = collect(socket);
  socket.send(wrap(one, 'by address'), relayPort, host);
  await waitFor('the first echo', () => received.length === 1);
  socket.send(wrap(two, 'by name', { name: 'localhost' }), relayPort, host);
  await waitFor('the second echo', () => received.length === 2);
  assert.deepEqual(received, [`${host}:${String(one)} by address`, `localhost:${String(two)} by name`]);
  control.destroy();
});

test('the association ends with the TCP connection, and no socket is left', async (t) => {
  await using proxy = await startTestProxy();
  const echo = await openEcho(t);
  const { socket } = await openUdp(t);
  const before = await countOpenSockets();
  const { control, relayPort } = await associate(proxy.port);
  const received = collect(socket);
  socket.send(wrap(echo, 'x'), relayPort, host);
  await waitFor('the echo', () => received.length === 1);
  control.end();
  await waitFor('all sockets to be closed', async () => (await countOpenSockets()) <= before);
});

test('close() of the proxy ends the association', async (t) => {
  const proxy = await startTestProxy();
  const { socket } = await openUdp(t);
  const { control, relayPort } = await associate(proxy.port);
  control.on('error', () => undefined);
  const closed = new Promise((resolve) => control.once('close', resolve));
  await proxy.close();
  await closed;
  // Nobody holds the port any more.
  const again = createSocket('udp4').bind(relayPort, host);
  await once(again, 'listening');
  again.close();
  socket.unref();
});

test('fragments, broken headers and port 0 are dropped (RFC 1928 §7)', async (t) => {
  await using proxy = await startTestProxy();
  const echo = await openEcho(t);
  const { control, relayPort } = await associate(proxy.port);
  const { socket } = await openUdp(t);
  const received = collect(socket);
  socket.send(wrap(echo, 'a fragment', { fragment: 1 }), relayPort, host);
  socket.send(Buffer.from('nonsense'), relayPort, host);
  socket.send(wrap(0, 'to nobody'), relayPort, host);
  socket.send(wrap(echo, 'whole'), relayPort, host);
  await waitFor('the echo', () => received.length > 0);
  assert.deepEqual(received, [`${host}:${String(echo)} whole`]);
  control.destroy();
});

test('only the port that sent first may use the association (RFC 1928 §7)', async (t) => {
  await using proxy = await startTestProxy();
  const echo = await openEcho(t);
  const { control, relayPort } = await associate(proxy.port);
  const [client, stranger] = [await openUdp(t), await openUdp(t)];
  const received = collect(client.socket);
  const strangers = collect(stranger.socket);
  client.socket.send(wrap(echo, 'first'), relayPort, host);
  await waitFor('the first echo', () => received.length === 1);
  stranger.socket.send(wrap(echo, 'mine'), relayPort, host);
  client.socket.send(wrap(echo, 'second'), relayPort, host);
  await waitFor('the second echo', () => received.length === 2);
  assert.deepEqual(
    received.map((line) => line.split(' ')[1]),
    ['first', 'second'],
  );
  assert.deepEqual(strangers, []);
  control.destroy();
});

test('another address of this machine may not use the association (RFC 1928 §7)', async (t) => {
  await using proxy = await startTestProxy();
  const echo = await openEcho(t);
  const { control, relayPort } = await associate(proxy.port);
  const [client, stranger] = [await openUdp(t), await openUdp(t, '127.0.0.2')];
  const received = collect(client.socket);
  stranger.socket.send(wrap(echo, 'mine'), relayPort, host);
  client.socket.send(wrap(echo, 'right'), relayPort, host);
  await waitFor('the echo', () => received.length > 0);
  assert.deepEqual(received, [`${host}:${String(echo)} right`]);
  control.destroy();
});
