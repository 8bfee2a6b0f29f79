/**
 * Serves one SOCKS5 client: drives the negotiation of `src/protocol/socks5/`, dials, answers, joins. Success is answered
 * only when the connection to the target is open, and every failure by the reply that fits it.
 */
import type { Socket } from 'node:net';
import { formatSocketAddress, type SocketAddress } from '../address/index.ts';
import { describeError, type Timer } from '../core/index.ts';
import {
  encodeReply,
  replies,
  Socks5Negotiation,
  toSocks5Reply,
  type Socks5Effect,
} from '../protocol/socks5/index.ts';
import type { ProxyContext } from './context.ts';
import { dialForClient } from './dial-for-client.ts';
import { serveUdpAssociation } from './socks5-udp.ts';
import { closeAfter, runTunnel } from './tunnel.ts';

type Request = Extract<Socks5Effect, { kind: 'request' }>;

/**
 * Serves `client`, whose first bytes are still unread, to its end. Never rejects.
 *
 * @param deadline resets the client; cancelled once the request is there
 */
export async function serveSocks5(client: Socket, deadline: Timer, context: ProxyContext): Promise<void> {
  const request = await negotiate(client, context);
  deadline.cancel();
  if (request?.command === 'connect') await connect(client, request.destination, context);
  if (request?.command === 'udpAssociate') await serveUdpAssociation(client, request.destination, context);
}

/** Resolves with the request, or with undefined when there is none: the client broke off or was refused. */
function negotiate(
  client: Socket,
  { authenticate, clock, logger }: ProxyContext,
): Promise<Request | undefined> {
  const negotiation = new Socks5Negotiation({ authenticate });
  return new Promise((resolve) => {
    const settle = (request?: Request): void => {
      client.off('data', onData).off('end', onGone).off('close', onGone);
      resolve(request);
    };
    const perform = (effect: Socks5Effect): void => {
      switch (effect.kind) {
        case 'send':
          client.write(effect.bytes);
          break;
        case 'request':
          client.pause();
          client.unshift(negotiation.takeRest());
          settle(effect);
          break;
        case 'fail':
          logger.debug('SOCKS5 client refused', { error: effect.error.message });
          settle();
          closeAfter(client, '', clock);
          break;
      }
    };
    const onData = (chunk: Buffer): void => negotiation.receive(chunk).forEach(perform);
    const onGone = (): void => {
      settle();
      client.destroy();
    };
    client.on('data', onData).on('end', onGone).on('close', onGone);
  });
}

async function connect(client: Socket, target: SocketAddress, context: ProxyContext): Promise<void> {
  const { dialer, signal, clock, logger } = context;
  try {
    const stream = await dialForClient({ client, target, dialer, signal });
    client.write(encodeReply(replies.succeeded));
    await runTunnel({ client, stream, target, protocol: 'socks5', signal, logger });
  } catch (error) {
    logger.debug('Dial failed', { target: formatSocketAddress(target), error: describeError(error) });
    closeAfter(client, encodeReply(toSocks5Reply(error)), clock);
  }
}
