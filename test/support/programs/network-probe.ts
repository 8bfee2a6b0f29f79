/** Runs in a namespace of its own and tells what it sees there, as one JSON text. */
import { createSocket } from 'node:dgram';
import { lookup, Resolver } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** Sends, ends its side, and returns what comes back until the other side ends; or the error's code. */
function exchange(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ host, port, allowHalfOpen: true });
    socket.once('connect', () => socket.end('hello'));
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.once('end', () => resolve(answer));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

function echoDatagram(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('message', (message) => {
      socket.close();
      resolve(message.toString());
    });
    socket.send('ping', port, host);
  });
}

const resolver = new Resolver();
const seen = {
  uid: process.getuid?.(),
  open: await exchange('10.1.2.3', 80),
  open6: await exchange('2001:db8::7', 80),
  refused: await exchange('10.1.2.3', 81),
  unreachable: await exchange('10.1.2.3', 82),
  datagram: await echoDatagram('10.1.2.3', 90),
  lookup: await lookup('web').then(
    ({ address }) => address,
    (error: unknown) => String(error),
  ),
  missing: await lookup('nowhere').catch((error: unknown) => (error as NodeJS.ErrnoException).code),
  text: await resolver.resolveTxt('web.shop.svc.cluster.local').catch((error: unknown) => String(error)),
  resolvConf: readFileSync('/etc/resolv.conf', 'utf8'),
};
process.stdout.write(JSON.stringify(seen));
