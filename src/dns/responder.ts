/**
 * Answers the questions of programs that live in the cluster's network: the cluster's names by the cluster's servers, the
 * rest by this machine's own.
 *
 * | name | answered |
 * |---|---|
 * | in the cluster's zone; of a private address (`10.in-addr.arpa`) | by the pod's name servers |
 * | `wpad…`, without a dot, in `svc` | does not exist; the search path does the rest |
 * | any other | by this machine's name servers |
 */
import { describeError, type Logger } from '../core/index.ts';
import { decodeQuestion, encodeFailure, hasHeader, rcodes } from '../protocol/dns/index.ts';
import type { DnsClient, DnsTransport } from './client.ts';

/** Zones of private addresses: RFC 1918, 4193 and 6598, and 2544. */
const privateReverse =
  /(^|\.)((10|168\.192|1[6-9]\.172|2\d\.172|3[01]\.172|1[89]\.198|(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.100)\.in-addr|[cd]\.f\.ip6)\.arpa$/;

export interface DnsResponderOptions {
  /** The cluster's zone, such as `cluster.local`. */
  zone: string;
  cluster: DnsClient;
  local: DnsClient;
  logger: Logger;
}

export interface DnsResponder {
  /** The answer to one message; undefined when it deserves none. Never rejects. */
  respond(
    query: Buffer,
    options: { transport: DnsTransport; signal: AbortSignal },
  ): Promise<Buffer | undefined>;
}

export function createDnsResponder({ zone, cluster, local, logger }: DnsResponderOptions): DnsResponder {
  function serverOf(name: string): DnsClient | undefined {
    const labels = name.split('.');
    // Whoever answers it gets to see everything that a browser does (CERT VU#598349).
    if (labels[0] === 'wpad') return undefined;
    if (name === zone || name.endsWith(`.${zone}`) || privateReverse.test(name)) return cluster;
    if (labels.at(-1) === 'svc') return undefined;
    return labels.length === 1 && name !== '' ? undefined : local;
  }

  return {
    async respond(query, { transport, signal }): Promise<Buffer | undefined> {
      if (!hasHeader(query)) return undefined;
      const question = decodeQuestion(query);
      if (question === undefined) return encodeFailure(query, rcodes.formatError);
      const server = serverOf(question.name);
      if (server === undefined) return encodeFailure(query, rcodes.nameError);
      try {
        return await server.ask(query, { transport, signal });
      } catch (error) {
        logger.debug('no DNS answer', { name: question.name, reason: describeError(error) });
        return encodeFailure(query, rcodes.serverFailure);
      }
    },
  };
}
