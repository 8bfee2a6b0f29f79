import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { describeError } from '../core/index.ts';
import type { ProxyContext } from './context.ts';
import { dialForClient } from './dial-for-client.ts';
import { formatFailure, formatHead } from './http-failure.ts';
import { parseAuthorityForm } from './request-target.ts';
import { closeAfter, runTunnel } from './tunnel.ts';

/**
 * Serves CONNECT: a tunnel to the target, opened when the target has been reached and not before. Never rejects.
 *
 * @param head what the client sent after the request
 * @see RFC 9110 §9.3.6
 */
export async function serveConnect(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  { dialer, signal, clock, logger }: ProxyContext,
): Promise<void> {
  try {
    const target = parseAuthorityForm(request.url ?? '');
    const stream = await dialForClient({ client, target, dialer, signal });
    client.write(formatHead(200, []));
    if (head.length > 0) client.unshift(head);
    await runTunnel({ client, stream, target, protocol: 'connect', signal, logger });
  } catch (error) {
    logger.debug('CONNECT failed', { target: request.url, error: describeError(error) });
    closeAfter(client, formatFailure(error), clock);
  }
}
