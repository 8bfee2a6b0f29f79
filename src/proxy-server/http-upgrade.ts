/**
 * Upgrade through a plain-HTTP proxy: WebSockets, mostly. The request goes on with its Upgrade field; when the target
 * switches protocols, client and target are joined, otherwise its response is the answer. RFC 9110 §7.8.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { resetSocket, toNetError } from '../net/index.ts';
import type { ProxyContext } from './context.ts';
import { dialForClient } from './dial-for-client.ts';
import { formatFailure, formatHead } from './http-failure.ts';
import {
  listConnectionOptions,
  listValues,
  toEndToEndFields,
  toPairs,
  type RawFields,
} from './http-fields.ts';
import { openOutgoing, toRequestFields } from './http-forward.ts';
import { parseAbsoluteForm, type RequestTarget } from './request-target.ts';
import { closeAfter, runTunnel } from './tunnel.ts';

/**
 * Tells whether the request can be answered without the upgrade, and better is: `h2c` (RFC 7540 §3.2, dropped by
 * RFC 9113) is only an offer that clients such as Java's make on every first request, and a request with content has
 * to be read as a message first. A proxy may ignore any offer.
 */
export function isUpgradeIgnored({ rawHeaders, headers }: IncomingMessage): boolean {
  const protocols = listValues(rawHeaders, 'upgrade').map((value) => value.trim().toLowerCase());
  const hasContent = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  return hasContent || protocols.includes('h2c');
}

/** Writes the head of `request` again, without its offer to upgrade. */
export function formatHeadWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const options = listConnectionOptions(rawHeaders).filter((option) => {
    return option !== 'upgrade' && option !== 'http2-settings';
  });
  const dropped = ['connection', 'upgrade', 'http2-settings'];
  const kept = toPairs(rawHeaders).filter(([name]) => !dropped.includes(name.toLowerCase()));
  if (options.length > 0) kept.push(['Connection', options.join(', ')]);
  const lines = kept.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method ?? ''} ${url ?? ''} HTTP/${httpVersion}\r\n${lines.join('')}\r\n`, 'latin1');
}

/** Serves a request that asks for an upgrade and has no content. @param head what came after it. Never rejects. */
export async function serveUpgrade(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  context: ProxyContext,
): Promise<void> {
  const { dialer, signal, clock } = context;
  try {
    const target = parseAbsoluteForm(request.method ?? '', request.url ?? '');
    const fields = [...toRequestFields(request, target), ...toUpgradeFields(request.rawHeaders)];
    const stream = await dialForClient({ client, target: target.address, dialer, signal });
    await exchange({ request, client, head, target, fields, stream, context });
  } catch (error) {
    closeAfter(client, formatFailure(error), clock);
  }
}

interface UpgradeExchange {
  request: IncomingMessage;
  client: Duplex;
  head: Buffer;
  target: RequestTarget;
  fields: string[];
  stream: Duplex;
  context: ProxyContext;
}

/** Resolves when the exchange is over. @throws NET_ codes when the target gives no answer */
function exchange({
  request,
  client,
  head,
  target,
  fields,
  stream,
  context,
}: UpgradeExchange): Promise<void> {
  const outgoing = openOutgoing(request, target, fields, stream);
  return new Promise((resolve, reject) => {
    const onClientGone = (): void => {
      outgoing.destroy();
      resolve();
    };
    const fail = (error: unknown): void => {
      settle();
      stream.destroy();
      reject(toNetError(error, { target: target.address, seconds: 0 }));
    };
    const onClose = (): void => fail(new Error('no valid response'));
    const settle = (): void => {
      client.off('close', onClientGone);
      outgoing.off('close', onClose);
    };
    client.once('close', onClientGone);
    outgoing.on('error', fail).once('close', onClose);
    outgoing.once('upgrade', (incoming: IncomingMessage, upgraded: Duplex, targetHead: Buffer) => {
      settle();
      const { rawHeaders } = incoming;
      client.write(
        formatHead(101, [...toEndToEndFields(rawHeaders), ...toUpgradeFields(rawHeaders)]),
        'latin1',
      );
      if (head.length > 0) client.unshift(head);
      if (targetHead.length > 0) upgraded.unshift(targetHead);
      const { signal, logger } = context;
      const tunnel = {
        client,
        stream: upgraded,
        target: target.address,
        protocol: 'upgrade',
        signal,
        logger,
      };
      resolve(runTunnel(tunnel));
    });
    outgoing.once('response', (incoming: IncomingMessage) => {
      settle();
      client.once('close', () => outgoing.destroy());
      outgoing.once('close', () => stream.destroy());
      resolve(answer(incoming, client, context));
    });
    outgoing.end('', 'latin1');
  });
}

/** Passes on the response of a target that does not switch protocols; the connection ends with it. */
function answer(incoming: IncomingMessage, client: Duplex, { clock }: ProxyContext): Promise<void> {
  return new Promise((resolve) => {
    const fields = toEndToEndFields(incoming.rawHeaders);
    client.write(formatHead(incoming.statusCode ?? 502, [...fields, 'Connection', 'close']), 'latin1');
    client.resume();
    incoming.once('error', () => resetSocket(client));
    incoming.once('end', () => closeAfter(client, '', clock));
    incoming.once('close', resolve);
    incoming.pipe(client, { end: false });
  });
}

function toUpgradeFields(fields: RawFields): string[] {
  const protocols = listValues(fields, 'upgrade').join(', ');
  return ['Connection', 'Upgrade', 'Upgrade', protocols];
}
