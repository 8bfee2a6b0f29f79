/**
 * Who takes which port. A claim belongs to a session and ends with it: when the laptop is gone, new connections reach the
 * application again without anybody's help.
 */
import { setMaxListeners } from 'node:events';
import type { Claim, Protocol } from '../src/contract/index.ts';
import { raise } from '../src/errors/index.ts';
import type { AgentSession } from '../src/tunnel/index.ts';

export interface HeldClaim {
  readonly interceptId: string;
  readonly session: AgentSession;
  readonly protocol: Protocol;
  readonly appPort: number;
  /**
   * Connections that are at the laptop at the moment. Kept-alive ones of HTTP/1.x leave it while nothing is outstanding
   * as soon as the claim has ended, so that what a released claim counts is in flight.
   */
  openConnections: number;
  /** Aborts when the claim is released, or its session is over. */
  readonly ended: AbortSignal;
}

export interface PortKey {
  protocol: Protocol;
  appPort: number;
}

interface OwnedClaim extends HeldClaim {
  readonly end: () => void;
}

export class ClaimTable {
  readonly #workload: string;
  readonly #ports: readonly PortKey[];
  readonly #claims = new Map<string, OwnedClaim>();
  /** Released claims whose connections have not all ended. */
  readonly #released = new Map<string, HeldClaim[]>();

  constructor(workload: string, ports: readonly PortKey[]) {
    this.#workload = workload;
    this.#ports = ports;
  }

  /**
   * Gives all of `ports` to `session`, or none. What it holds already for the same intercept stays as it is.
   * @throws {INTERCEPT_HELD} by another session · {PORT_NOT_FOUND} the agent does not stand in front of it
   */
  claim(session: AgentSession, interceptId: string, ports: readonly PortKey[]): void {
    for (const port of ports) {
      if (!this.#ports.some((taken) => keyOf(taken) === keyOf(port)))
        raise('PORT_NOT_FOUND', {
          port: String(port.appPort),
          target: this.#workload,
          known: this.#ports.map(({ appPort }) => String(appPort)),
        });
      const holder = this.#claims.get(keyOf(port));
      if (holder !== undefined && holder.session !== session)
        raise('INTERCEPT_HELD', {
          target: this.#workload,
          port: String(port.appPort),
          holder: holder.session.client.name,
        });
    }
    for (const port of ports) {
      const before = this.#claims.get(keyOf(port));
      if (before?.interceptId === interceptId) continue;
      this.#claims.set(keyOf(port), createClaim(session, interceptId, port));
      before?.end();
    }
  }

  /** Ends the claims of `interceptId`; what is in flight stays. Returns how many connections these are. */
  release(session: AgentSession, interceptId: string): number {
    const released = this.#released.get(interceptId) ?? [];
    for (const [key, claim] of this.#claims) {
      if (claim.session !== session || claim.interceptId !== interceptId) continue;
      this.#claims.delete(key);
      claim.end();
      released.push(claim);
    }
    const openConnections = released.reduce((sum, claim) => sum + claim.openConnections, 0);
    if (openConnections > 0) this.#released.set(interceptId, released);
    else this.#released.delete(interceptId);
    return openConnections;
  }

  /** Forgets everything that belongs to `session`. */
  endSession(session: AgentSession): void {
    for (const [key, claim] of this.#claims) {
      if (claim.session !== session) continue;
      this.#claims.delete(key);
      claim.end();
    }
    for (const [id, claims] of this.#released) if (claims[0]?.session === session) this.#released.delete(id);
  }

  find(port: PortKey): HeldClaim | undefined {
    return this.#claims.get(keyOf(port));
  }

  list(): Claim[] {
    return [...this.#claims.values()].map(({ protocol, appPort, interceptId, session }) => ({
      protocol,
      appPort,
      interceptId,
      holder: session.client.name,
    }));
  }
}

function createClaim(session: AgentSession, interceptId: string, { protocol, appPort }: PortKey): OwnedClaim {
  const controller = new AbortController();
  // Each connection at the laptop listens.
  setMaxListeners(0, controller.signal);
  return {
    interceptId,
    session,
    protocol,
    appPort,
    openConnections: 0,
    ended: controller.signal,
    end: () => controller.abort(),
  };
}

function keyOf({ protocol, appPort }: PortKey): string {
  return `${protocol}/${appPort}`;
}
