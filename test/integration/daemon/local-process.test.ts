import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import type { InterceptedHeader, Protocol } from '../../../src/contract/index.ts';
import { nullLogger, systemClock } from '../../../src/core/index.ts';
import { createLocalProcess, type LocalProcess } from '../../../src/daemon/local-process.ts';
import { isToolError } from '../../../src/errors/index.ts';
import { createStreamAssociation, createTcpDialer, createUdpDialer } from '../../../src/net/index.ts';
import { createDuplexPair } from '../../support/duplex-pair.ts';
import { findClosedPort, record, startServer, waitFor, type Recording } from '../../support/sockets.ts';

const APP_PORT = 8080;

function createUnderTest(protocol: Protocol, port: number, signal: AbortSignal): LocalProcess {
  return createLocalProcess({
    targets: [{ protocol, appPort: APP_PORT, host: '127.0.0.1', port }],
    dialer: createTcpDialer({ clock: systemClock }),
    datagramDialer: createUdpDialer(),
    logger: nullLogger,
    signal,
  });
}

function headerOf(protocol: Protocol, appPort: number = APP_PORT): InterceptedHeader {
  return { kind: 'intercepted', protocol, interceptId: 'x', appPort, source: { host: '10.0.0.9', port: 1 } };
}

/** Delivers a connection; resolves with the caller's end of it, or with the code of its refusal. */
function deliver(local: LocalProcess, header: InterceptedHeader): Promise<Recording | string> {
  const { a: caller, b: stream } = createDuplexPair();
  return new Promise((resolve) => {
    local.deliver({
      header,
      accept: () => {
        resolve(record(caller));
        return stream;
      },
      refuse: (error) => resolve(isToolError(error) ? error.code : String(error)),
    });
  });
}

test('a connection is joined to the process and counted while it lasts, half-close kept', async (t) => {
  await using server = await startServer((socket) => {
    socket.on('end', () => socket.end('answer after the end')).resume();
  });
  const local = createUnderTest('TCP', server.port, t.signal);
  const caller = await deliver(local, headerOf('TCP'));
  assert.ok(typeof caller !== 'string');
  await waitFor('the connection to be counted', () => local.connections.open === 1);
  caller.stream.end('request');
  await waitFor('the end', () => local.connections.open === 0);
  assert.equal(caller.text(), 'answer after the end');
  assert.equal(local.connections.total, 1);
});

test('a process that is down, and a port that nobody intercepts, are refused and not counted', async (t) => {
  const local = createUnderTest('TCP', await findClosedPort(), t.signal);
  assert.equal(await deliver(local, headerOf('TCP')), 'NET_REFUSED');
  assert.equal(await deliver(local, headerOf('TCP', 9)), 'INTERCEPT_NOT_FOUND');
  assert.equal(await deliver(local, headerOf('UDP')), 'INTERCEPT_NOT_FOUND');
  assert.deepEqual(local.connections, { open: 0, total: 0 });
});

test('datagrams go to the process and back, until the signal ends them', async () => {
  const echo = createSocket('udp4').bind(0, '127.0.0.1');
  await once(echo, 'listening');
  echo.on('message', (datagram, { port }) => echo.send(datagram, port, '127.0.0.1'));
  const lifetime = new AbortController();
  const local = createUnderTest('UDP', echo.address().port, lifetime.signal);
  const { a: callerEnd, b: stream } = createDuplexPair();
  const caller = createStreamAssociation(callerEnd);
  const received: string[] = [];
  caller.onDatagram((datagram) => received.push(String(datagram)));
  local.deliver({
    header: headerOf('UDP'),
    accept: () => stream,
    refuse: (error) => received.push(String(error)),
  });
  caller.send(Buffer.from('ping'));
  await waitFor('the echo', () => received.length === 1);
  assert.deepEqual(received, ['ping']);
  assert.equal(local.connections.open, 1);
  lifetime.abort();
  await waitFor('the end', () => local.connections.open === 0);
  echo.close();
});
