/** The two places that a connection to a taken port can go to: the laptop that claims the port, and the application. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TakenPort } from '../src/contract/index.ts';
import { describeError, type Clock, type Logger } from '../src/core/index.ts';
import type { AppDialer } from './app-dialer.ts';
import type { HeldClaim } from './claims.ts';
import { endGracefully } from './end-gracefully.ts';

/** The laptop gets this long to say whether its process answers, then the application does. */
const CLAIM_TIMEOUT_MS = 5000;

/** An open connection to one of the two, for one connection of a client. */
export interface Target {
  readonly stream: Duplex;
  /** Whose laptop it is; undefined: the application. */
  readonly claim: HeldClaim | undefined;
  /** Ends the connection gracefully and takes it out of the claim's count. Idempotent, also after its close. */
  leave(): void;
}

export interface TargetOptions {
  port: TakenPort;
  app: AppDialer;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}

/** Returns undefined when the laptop does not take the connection, and tells it so. */
export async function dialLaptop(
  client: Pick<Socket, 'remoteAddress' | 'remotePort'>,
  claim: HeldClaim,
  { port, clock, logger, signal }: TargetOptions,
): Promise<Target | undefined> {
  const { interceptId, session } = claim;
  try {
    const stream = await session.openIntercepted(
      {
        kind: 'intercepted',
        protocol: 'TCP',
        interceptId,
        appPort: port.appPort,
        source: { host: client.remoteAddress ?? '', port: client.remotePort ?? 0 },
      },
      { signal: AbortSignal.any([signal, AbortSignal.timeout(CLAIM_TIMEOUT_MS)]) },
    );
    return createTarget(stream, claim, clock);
  } catch (error) {
    const reason = describeError(error);
    logger.info('connection went to the application', { port: port.appPort, reason });
    session.notify({ kind: 'fallback', interceptId, appPort: port.appPort, reason });
    return undefined;
  }
}

/** Returns undefined when the application does not take the connection. */
export async function dialApp({
  port,
  app,
  clock,
  logger,
  signal,
}: TargetOptions): Promise<Target | undefined> {
  try {
    return createTarget(await app.dial(port.appPort, { signal }), undefined, clock);
  } catch (error) {
    logger.debug('application not reachable', { port: port.appPort, reason: describeError(error) });
    return undefined;
  }
}

function createTarget(stream: Duplex, claim: HeldClaim | undefined, clock: Clock): Target {
  let isCounted = claim !== undefined;
  if (claim !== undefined) claim.openConnections += 1;
  // Whoever moves bytes learns of an error by the close; between two of them it must not end the process.
  stream.on('error', () => undefined);
  return {
    stream,
    claim,
    leave(): void {
      if (claim !== undefined && isCounted) claim.openConnections -= 1;
      isCounted = false;
      endGracefully(stream, clock);
    },
  };
}
