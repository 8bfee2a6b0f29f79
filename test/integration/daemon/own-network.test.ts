/** A real namespace with a real device: what a program sees there, with the cluster played by loopback. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { nullLogger, systemClock } from '../../../src/core/index.ts';
import { startOwnNetwork } from '../../../src/daemon/own-network.ts';
import { createError } from '../../../src/errors/index.ts';
import {
  createTcpDialer,
  createUdpDialer,
  listen,
  type DatagramDialer,
  type Dialer,
} from '../../../src/net/index.ts';
import { launcher, nativeDirectory, reasonAgainstNamespaces, run } from '../../support/native-parts.ts';
import { raises } from '../../support/assert-raises.ts';

const probe = resolve('dist/test/support/programs/network-probe.js');
const tcp = createTcpDialer({ clock: systemClock });
const udp = createUdpDialer();

/** Answers A questions for `web` and TXT questions; all else does not exist. */
function answerDns(query: Buffer): Buffer {
  const name = query.toString('latin1', 12, query.indexOf(0, 12));
  const end = query.indexOf(0, 12) + 5;
  const type = query.readUInt16BE(end - 4);
  const head = Buffer.from(query.subarray(0, end));
  const isKnown = name === '\x03web\x04shop\x03svc\x07cluster\x05local';
  const data = type === 1 ? Buffer.from([10, 1, 2, 3]) : type === 16 ? Buffer.from('\x04text') : undefined;
  const records = isKnown && data !== undefined ? 1 : 0;
  head.writeUInt16BE(isKnown ? 0x8180 : 0x8183, 2);
  head.writeUInt16BE(records, 6);
  head.fill(0, 8, 12);
  if (records === 0 || data === undefined) return head;
  const record = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 5, 0, data.length]);
  return Buffer.concat([head, record, data]);
}

async function bindDatagrams(
  answer: (message: Buffer) => Buffer,
): Promise<{ port: number; close: () => void }> {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => socket.send(answer(message), from.port, from.address));
  await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound));
  return { port: socket.address().port, close: () => socket.close() };
}

await describe('startOwnNetwork()', async () => {
  const skip = await reasonAgainstNamespaces();

  await test('without the native parts it says so', () => {
    const dialer = { ...tcp, ...udp };
    assert.throws(
      () =>
        startOwnNetwork({
          nativeDirectory: '/nowhere',
          socketDirectory: '/nowhere',
          dialer,
          cluster: dialer,
          machine: dialer,
          nameServers: () => Promise.resolve([]),
          search: [],
          clock: systemClock,
          logger: nullLogger,
        }),
      raises('TUN_UNAVAILABLE'),
    );
  });

  await test('programs connect, are refused, resolve names and exchange datagrams', { skip }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tp-net-'));
    // Answers after the other side has ended: half-closed connections keep their other half.
    const server = await listen({
      host: '127.0.0.1',
      port: 0,
      onConnection: (socket) => {
        let text = '';
        socket.on('data', (chunk) => (text += chunk.toString()));
        socket.once('end', () => socket.end(`late ${text}`));
      },
    });
    const echo = await bindDatagrams((message) => message);
    const dns = await bindDatagrams(answerDns);
    const dialer: Dialer & DatagramDialer = {
      dial: (target, options) => {
        const name = `${target.host}:${target.port}`;
        if (target.port === 81) throw createError('NET_REFUSED', { target: name });
        if (target.port === 82) throw createError('NET_UNREACHABLE', { target: name, reason: 'test' });
        assert.ok(['10.1.2.3:80', '2001:db8:0:0:0:0:0:7:80'].includes(name), name);
        return tcp.dial({ host: '127.0.0.1', port: server.port }, options);
      },
      associate: ({ port }, options) =>
        udp.associate({ host: '127.0.0.1', port: port === 53 ? dns.port : echo.port }, options),
    };
    const network = startOwnNetwork({
      nativeDirectory,
      socketDirectory: folder,
      dialer,
      cluster: dialer,
      machine: dialer,
      nameServers: () => Promise.resolve(['10.96.0.10']),
      search: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'node.example'],
      clock: systemClock,
      logger: nullLogger,
    });
    const before = await readFile('/etc/resolv.conf', 'utf8');
    try {
      const { stdout } = await run(launcher, [network.socket, process.execPath, probe]);
      const seen = JSON.parse(stdout) as Record<string, unknown>;
      assert.deepEqual(seen, {
        uid: process.getuid?.(),
        open: 'late hello',
        open6: 'late hello',
        refused: 'ECONNREFUSED',
        unreachable: 'EHOSTUNREACH',
        datagram: 'ping',
        lookup: '10.1.2.3',
        missing: 'ENOTFOUND',
        text: [['text']],
        resolvConf:
          'nameserver 192.0.0.2\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\n' +
          'options ndots:5 timeout:5 attempts:2\n',
      });
      assert.equal(await readFile('/etc/resolv.conf', 'utf8'), before);
    } finally {
      await network.close();
      await server.close();
      echo.close();
      dns.close();
      assert.deepEqual(await readdir(folder), []);
      await rm(folder, { recursive: true, force: true });
    }
  });
});
