/**
 * Who takes which port, and which of its requests. A claim belongs to a session, rests while that has no carrier, and ends
 * with it: when the laptop is gone, new connections reach the application again without anybody's help.
 */
import { setMaxListeners } from 'node:events';
import { describeRule, type Claim, type Protocol, type Rule } from '../src/contract/index.ts';
import { raise } from '../src/errors/index.ts';
import {
  comparePrecedence,
  compileRule,
  isPointless,
  type Contender,
  type Matcher,
} from '../src/rules/index.ts';
import type { AgentSession } from '../src/tunnel/index.ts';

/** Claims of one port at once: each is looked at for each request. One more is refused. */
export const CLAIM_LIMIT = 256;

export interface HeldClaim extends Contender {
  readonly interceptId: string;
  readonly session: AgentSession;
  readonly protocol: Protocol;
  readonly appPort: number;
  /** Absent: the claim takes all that no rule matches. */
  readonly matches: Matcher | undefined;
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

export interface ClaimOptions {
  interceptId: string;
  ports: readonly PortKey[];
  /** Absent: everything that no rule matches. */
  rule?: Rule | undefined;
  /** When it was asked for first, in ms since the epoch. */
  sinceMs?: number | undefined;
}

interface OwnedClaim extends HeldClaim {
  readonly end: () => void;
}

const NOBODY: readonly OwnedClaim[] = [];

export class ClaimTable {
  readonly #workload: string;
  readonly #ports: readonly PortKey[];
  /** Of each port, in the order in which they are asked. A list is replaced when it changes. */
  readonly #claims = new Map<string, readonly OwnedClaim[]>();
  /** Those of each port that did not rest when some did. */
  readonly #awake = new Map<string, readonly OwnedClaim[]>();
  /** Released claims whose connections have not all ended. */
  readonly #released = new Map<string, HeldClaim[]>();

  constructor(workload: string, ports: readonly PortKey[]) {
    this.#workload = workload;
    this.#ports = ports;
  }

  /**
   * Gives all of `ports` to `session`, or none. What it holds already for the same intercept stays as it is; what it holds
   * for another one gives way.
   * @throws {INTERCEPT_HELD} by another session, so that one of the two would never get a request ·
   *   {PORT_NOT_FOUND} the agent does not stand in front of it · {RULE_INVALID} · {RULE_NOT_HTTP}
   */
  claim(session: AgentSession, options: ClaimOptions): void {
    const claims = options.ports.map((port) => {
      if (!this.#ports.some((taken) => keyOf(taken) === keyOf(port)))
        raise('PORT_NOT_FOUND', {
          port: String(port.appPort),
          target: this.#workload,
          known: this.#ports.map(({ appPort }) => String(appPort)),
        });
      if (options.rule !== undefined && port.protocol === 'UDP')
        raise('RULE_NOT_HTTP', { port: String(port.appPort) });
      return createClaim(session, port, options);
    });
    const displaced = claims.map((claim) => this.#findDisplaced(claim));
    claims.forEach((claim, index) => {
      const key = keyOf(claim);
      const before = this.#claims.get(key) ?? NOBODY;
      if (before.some((held) => isSame(held, claim))) return;
      const remaining = before.filter((held) => !displaced[index]?.includes(held));
      this.#claims.set(key, [...remaining, claim].sort(comparePrecedence));
      for (const held of displaced[index] ?? []) held.end();
    });
  }

  /** The claims of the same session that `claim` takes the place of. @throws {INTERCEPT_HELD} by another session */
  #findDisplaced(claim: OwnedClaim): OwnedClaim[] {
    const held = (this.#claims.get(keyOf(claim)) ?? NOBODY).filter((other) => !isSame(other, claim));
    const rivals = held.filter((other) => isPointless(other, claim));
    const holder =
      rivals.find(({ session }) => session !== claim.session) ??
      (held.length < CLAIM_LIMIT ? undefined : held[0]);
    if (holder !== undefined)
      raise('INTERCEPT_HELD', {
        target: this.#workload,
        port: String(claim.appPort),
        holder: holder.session.client.name,
        ...(holder.rule === undefined ? {} : { rule: describeRule(holder.rule) }),
      });
    return rivals;
  }

  /** Ends the claims of `interceptId`; what is in flight stays. Returns how many connections these are. */
  release(session: AgentSession, interceptId: string): number {
    const released = this.#released.get(interceptId) ?? [];
    released.push(...this.#end((claim) => claim.session === session && claim.interceptId === interceptId));
    const openConnections = released.reduce((sum, claim) => sum + claim.openConnections, 0);
    if (openConnections > 0) this.#released.set(interceptId, released);
    else this.#released.delete(interceptId);
    return openConnections;
  }

  /** Forgets everything that belongs to `session`. */
  endSession(session: AgentSession): void {
    this.#end((claim) => claim.session === session);
    for (const [id, claims] of this.#released) if (claims[0]?.session === session) this.#released.delete(id);
  }

  #end(isOver: (claim: OwnedClaim) => boolean): OwnedClaim[] {
    const ended: OwnedClaim[] = [];
    for (const [key, claims] of this.#claims) {
      const over = claims.filter(isOver);
      if (over.length === 0) continue;
      const remaining = claims.filter((claim) => !isOver(claim));
      if (remaining.length > 0) this.#claims.set(key, remaining);
      else this.#claims.delete(key);
      ended.push(...over);
    }
    for (const claim of ended) claim.end();
    return ended;
  }

  /**
   * The claims of a port in the order in which they are asked, without those that rest: what would be theirs goes where it
   * would go without them. The same list as before unless something has changed.
   */
  claimsOn(port: PortKey): readonly HeldClaim[] {
    const key = keyOf(port);
    const all = this.#claims.get(key) ?? NOBODY;
    if (!all.some(isResting)) return all;
    const awake = all.filter((claim) => !isResting(claim));
    const before = this.#awake.get(key);
    if (before?.length === awake.length && before.every((claim, index) => claim === awake[index]))
      return before;
    this.#awake.set(key, awake);
    return awake;
  }

  /** The claim that takes what no rule matches. */
  find(port: PortKey): HeldClaim | undefined {
    return this.claimsOn(port).find(({ rule }) => rule === undefined);
  }

  list(): Claim[] {
    return [...this.#claims.values()].flat().map(({ protocol, appPort, interceptId, session, rule }) => ({
      protocol,
      appPort,
      interceptId,
      holder: session.client.name,
      ...(rule === undefined ? {} : { rule }),
    }));
  }
}

/** Its session has no carrier at the moment: what it has it keeps, nothing new comes. */
export function isResting({ session, ended }: HeldClaim): boolean {
  return session.isSuspended && !ended.aborted;
}

function createClaim(
  session: AgentSession,
  { protocol, appPort }: PortKey,
  { interceptId, rule, sinceMs = 0 }: ClaimOptions,
): OwnedClaim {
  const controller = new AbortController();
  // Each connection at the laptop listens.
  setMaxListeners(0, controller.signal);
  return {
    id: interceptId,
    interceptId,
    session,
    protocol,
    appPort,
    rule,
    sinceMs,
    matches: rule === undefined ? undefined : compileRule(rule),
    openConnections: 0,
    ended: controller.signal,
    end: () => controller.abort(),
  };
}

function isSame(a: HeldClaim, b: HeldClaim): boolean {
  return a.session === b.session && a.interceptId === b.interceptId;
}

function keyOf({ protocol, appPort }: PortKey): string {
  return `${protocol}/${appPort}`;
}
