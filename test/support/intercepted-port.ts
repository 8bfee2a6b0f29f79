/** A taken port on loopback with an application and a laptop behind it, without a tunnel in between. */
import type { Duplex } from 'node:stream';
import { createAppDialer } from '../../agent/app-dialer.ts';
import { ClaimTable, type HeldClaim } from '../../agent/claims.ts';
import { relaySwitching } from '../../agent/switching-relay.ts';
import type { ControlEvent, Rule, TakenPort } from '../../src/contract/index.ts';
import { nullLogger, runInBackground, systemClock, type Clock } from '../../src/core/index.ts';
import { createError } from '../../src/errors/index.ts';
import { createTcpDialer, listen } from '../../src/net/index.ts';
import { HeldContent } from '../../src/protocol/http2/index.ts';
import type { AgentSession } from '../../src/tunnel/index.ts';

export interface InterceptedPortOptions {
  /** Port of 127.0.0.1 where the application listens. */
  app: number;
  /** The same for the process on the laptop. */
  laptop: number;
  httpProbe?: boolean;
  clock?: Clock;
}

export interface InterceptedPort extends AsyncDisposable {
  /** Where clients connect. */
  readonly port: number;
  /** Client connections that are being served. */
  readonly served: number;
  /** Connections to the laptop that are open, or were. */
  readonly streams: readonly Duplex[];
  readonly fallbacks: readonly ControlEvent[];
  /** Content that waits in connections of HTTP/2. */
  readonly held: HeldContent;
  /** The laptop takes the port. */
  intercept(): HeldClaim;
  /** Somebody else takes the requests that `rule` matches, to another port of 127.0.0.1. */
  interceptFor(name: string, laptop: number, rule: Rule): void;
  /** The laptop gives it back. Returns what is in flight there. */
  leave(): number;
  /** The tunnel breaks: first its streams, then the session. */
  loseSession(): void;
}

export async function startInterceptedPort(options: InterceptedPortOptions): Promise<InterceptedPort> {
  const { app, clock = systemClock, httpProbe } = options;
  const key = { protocol: 'TCP', appPort: app } as const;
  const port: TakenPort = {
    ...key,
    listenPort: 1,
    appContainer: 'web',
    redirect: 'service',
    ...(httpProbe === undefined ? {} : { httpProbe }),
  };
  const claims = new ClaimTable('deploy/web', [key]);
  const dialer = createTcpDialer({ clock: systemClock });
  const held = new HeldContent();
  const lifetime = new AbortController();
  const streams: Duplex[] = [];
  const fallbacks: ControlEvent[] = [];
  let served = 0;

  const createSession = (name: string, laptop: number): AgentSession => ({
    client: { sessionId: name, name, version: 'test' },
    isSuspended: false,
    async openIntercepted(_header, { signal }): Promise<Duplex> {
      const stream = await dialer.dial({ host: '127.0.0.1', port: laptop }, { signal });
      streams.push(stream);
      return stream;
    },
    notify: (event) => fallbacks.push(event),
    close: () => Promise.resolve(),
    closed: new Promise(() => undefined),
  });
  const session = createSession('alice', options.laptop);
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    onConnection: (client) => {
      served += 1;
      const relayed = relaySwitching(client, {
        port,
        claims,
        held,
        app: createAppDialer({ dialer, podIp: '' }),
        clock,
        logger: nullLogger,
        signal: lifetime.signal,
      }).finally(() => {
        served -= 1;
      });
      runInBackground('connection', relayed, nullLogger);
    },
  });

  return {
    port: listener.port,
    get served(): number {
      return served;
    },
    streams,
    fallbacks,
    held,
    intercept(): HeldClaim {
      claims.claim(session, { interceptId: 'intercept', ports: [key] });
      return claims.find(key) as HeldClaim;
    },
    interceptFor(name, laptop, rule): void {
      claims.claim(createSession(name, laptop), { interceptId: name, ports: [key], rule });
    },
    leave: () => claims.release(session, 'intercept'),
    loseSession(): void {
      for (const stream of streams) stream.destroy(createError('TUNNEL_LOST', { reason: 'a test' }));
      claims.endSession(session);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      lifetime.abort();
      await listener.close();
    },
  };
}
