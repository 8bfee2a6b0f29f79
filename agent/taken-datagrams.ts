/**
 * A UDP port of the application that the agent stands in front of. Datagrams of one source address stay together: they go
 * to the laptop that claims the port, else to the application.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { TakenPort } from '../src/contract/index.ts';
import { describeError, runInBackground, type Clock, type Logger, type Timer } from '../src/core/index.ts';
import { createStreamAssociation, type DatagramDialer, type UdpAssociation } from '../src/net/index.ts';
import { isResting, type ClaimTable, type HeldClaim } from './claims.ts';

/** A source that is silent so long is forgotten; DNS and game protocols keep alive more often (RFC 4787 §4.3 asks 2 min). */
const IDLE_MS = 120_000;
/** Sources at once; the one that is silent longest makes room for a new one. */
export const MAXIMUM_SOURCES = 4096;
/** Datagrams that wait for the first answer of a new source's target; more are dropped, as UDP may. */
const MAXIMUM_WAITING = 16;

export interface TakenDatagramsOptions {
  port: TakenPort;
  claims: ClaimTable;
  datagramDialer: DatagramDialer;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}

interface Source {
  readonly claim: HeldClaim | undefined;
  association: UdpAssociation | undefined;
  waiting: Buffer[];
  idle: Timer;
}

export async function listenOnTakenDatagrams(
  options: TakenDatagramsOptions,
): Promise<{ close(): Promise<void> }> {
  const { port, claims, clock, logger, signal } = options;
  const socket = createSocket({ type: 'udp6', ipv6Only: false });
  /** In order of their last datagram, oldest first. */
  const sources = new Map<string, Source>();

  function forget(key: string, source: Source): void {
    source.idle.cancel();
    source.association?.close();
    if (sources.get(key) === source) sources.delete(key);
  }

  function receive(datagram: Buffer, remote: RemoteInfo): void {
    const key = `${remote.address} ${remote.port}`;
    const claim = claims.find(port);
    let source = sources.get(key);
    // A claim that came or went since: its datagrams change sides at once, there is no connection to keep.
    if (source !== undefined && source.claim !== claim && !rests(source)) {
      forget(key, source);
      source = undefined;
    }
    if (source === undefined) source = admit(key, remote, claim);
    else source.idle.cancel();
    const current = source;
    current.idle = clock.after(IDLE_MS, () => {
      forget(key, current);
    });
    sources.delete(key);
    sources.set(key, current);
    if (current.association !== undefined) current.association.send(datagram);
    else if (current.waiting.length < MAXIMUM_WAITING) current.waiting.push(datagram);
  }

  function admit(key: string, remote: RemoteInfo, claim: HeldClaim | undefined): Source {
    const [oldest] = sources;
    if (sources.size >= MAXIMUM_SOURCES && oldest !== undefined) forget(...oldest);
    const source: Source = {
      claim,
      association: undefined,
      waiting: [],
      idle: clock.after(IDLE_MS, () => undefined),
    };
    runInBackground('datagrams', connect(key, source, remote), logger);
    return source;
  }

  async function connect(key: string, source: Source, remote: RemoteInfo): Promise<void> {
    try {
      const association = await reach(source.claim, remote, options);
      association.onDatagram((datagram) => {
        reply(socket, datagram, remote);
      });
      source.association = association;
      for (const datagram of source.waiting) association.send(datagram);
      source.waiting = [];
      await association.closed;
    } catch (error) {
      logger.info('datagrams dropped', { port: port.appPort, reason: describeError(error) });
    }
    forget(key, source);
  }

  socket.on('message', receive);
  // An ICMP error of one source must not end the port.
  socket.on('error', (error) => {
    logger.warn('UDP port', { port: port.listenPort, error: error.message });
  });
  socket.bind(port.listenPort, '::');
  await once(socket, 'listening', { signal });
  return {
    async close(): Promise<void> {
      for (const [key, source] of sources) forget(key, source);
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

function rests({ claim }: Source): boolean {
  return claim !== undefined && isResting(claim);
}

/** The laptop where there is a claim that it takes, else the application. */
async function reach(
  claim: HeldClaim | undefined,
  remote: RemoteInfo,
  { port, datagramDialer, logger, signal }: TakenDatagramsOptions,
): Promise<UdpAssociation> {
  if (claim !== undefined) {
    try {
      const stream = await claim.session.openIntercepted(
        {
          kind: 'intercepted',
          protocol: 'UDP',
          interceptId: claim.interceptId,
          appPort: port.appPort,
          source: { host: remote.address, port: remote.port },
        },
        { signal },
      );
      return createStreamAssociation(stream);
    } catch (error) {
      const reason = describeError(error);
      logger.info('datagrams went to the application', { port: port.appPort, reason });
      claim.session.notify({
        kind: 'fallback',
        interceptId: claim.interceptId,
        appPort: port.appPort,
        reason,
      });
    }
  }
  return datagramDialer.associate({ host: '127.0.0.1', port: port.appPort }, { signal });
}

function reply(socket: Socket, datagram: Buffer, remote: RemoteInfo): void {
  socket.send(datagram, remote.port, remote.address, () => {
    // Nobody can be told that a datagram was lost.
  });
}
