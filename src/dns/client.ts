/** Asks name servers, as raw messages, from this machine or from inside the cluster: the dialers make the difference. */
import type { Duplex } from 'node:stream';
import type { Clock } from '../core/index.ts';
import { createError } from '../errors/index.ts';
import type { DatagramDialer, Dialer } from '../net/index.ts';
import { isAnswerTo } from '../protocol/dns/index.ts';
import { DnsStreamDecoder, encodeStreamMessage } from './stream.ts';

const DNS_PORT = 53;
/** A datagram may get lost: it is sent again after this time. */
const RETRY_MS = 2000;
/** All attempts at one server together; resolv.conf(5) waits as long. */
export const SERVER_TIMEOUT_MS = 5000;

export interface DnsClientOptions {
  dialer: Dialer & DatagramDialer;
  /** Addresses of the name servers, in their order. */
  servers: (options: { signal: AbortSignal }) => Promise<readonly string[]>;
  clock: Clock;
}

/** How a question travels; an answer that does not fit into a datagram says so, and its asker comes again by stream. */
export type DnsTransport = 'datagram' | 'stream';

export interface DnsClient {
  /** The answer of the first server that gives one. @throws why the last one gave none, or `signal.reason` */
  ask(query: Buffer, options: { transport: DnsTransport; signal: AbortSignal }): Promise<Buffer>;
}

export function createDnsClient({ dialer, servers, clock }: DnsClientOptions): DnsClient {
  async function askByDatagram(query: Buffer, host: string, signal: AbortSignal): Promise<Buffer> {
    const association = await dialer.associate({ host, port: DNS_PORT }, { signal });
    const send = (): void => association.send(Buffer.from(query));
    const retry = clock.after(RETRY_MS, send);
    try {
      return await settled<Buffer>(signal, (resolve, reject) => {
        association.onDatagram((answer) => {
          if (isAnswerTo(query, answer)) resolve(answer);
        });
        void association.closed.then(() => reject(noAnswer(host, 'the association was closed')));
        send();
      });
    } finally {
      retry.cancel();
      association.close();
    }
  }

  async function askByStream(query: Buffer, host: string, signal: AbortSignal): Promise<Buffer> {
    const stream: Duplex = await dialer.dial({ host, port: DNS_PORT }, { signal });
    const decoder = new DnsStreamDecoder();
    try {
      return await settled<Buffer>(signal, (resolve, reject) => {
        stream.on('error', reject);
        stream.once('end', () => reject(noAnswer(host, 'the connection was closed')));
        stream.once('close', () => reject(noAnswer(host, 'the connection was closed')));
        stream.on('data', (chunk: Buffer) => {
          for (const answer of decoder.push(chunk)) if (isAnswerTo(query, answer)) resolve(answer);
        });
        stream.end(encodeStreamMessage(query));
      });
    } finally {
      stream.destroy();
    }
  }

  return {
    async ask(query, { transport, signal }): Promise<Buffer> {
      let failure: unknown = noAnswer('the name servers', 'there is none');
      for (const host of await servers({ signal })) {
        const timeout = new AbortController();
        const timer = clock.after(SERVER_TIMEOUT_MS, () => timeout.abort(noAnswer(host, 'time-out')));
        try {
          const ask = transport === 'stream' ? askByStream : askByDatagram;
          return await ask(query, host, AbortSignal.any([signal, timeout.signal]));
        } catch (error) {
          signal.throwIfAborted();
          failure = error;
        } finally {
          timer.cancel();
        }
      }
      throw failure;
    },
  };
}

function noAnswer(target: string, reason: string): Error {
  return createError('NET_FAILED', { target, reason });
}

/** A promise that `signal` rejects; its listener is released. */
function settled<T>(
  signal: AbortSignal,
  start: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => end(() => reject(signal.reason as Error));
    const end = (settle: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    signal.addEventListener('abort', onAbort);
    start(
      (value) => end(() => resolve(value)),
      (error) => end(() => reject(error)),
    );
  });
}
