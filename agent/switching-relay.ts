/**
 * One connection of a client to a taken port, from its first byte to its last, over as many targets as it takes.
 *
 * Clients keep connections alive. An intercept that chose a target once per connection would miss the requests on those
 * that are open when it starts, and would have to cut those that are open when it ends. So the target is chosen again for
 * each HTTP/1.x request (agent/choose-claim.ts), at the one moment when nobody can notice: everything before it is answered,
 * nothing of it has been sent. What is not understood as HTTP/1.x beyond doubt (src/protocol/http1) stays with its target
 * until it ends, as in any `relay`. No byte is changed, either way.
 *
 * A client that speaks HTTP/2 says so with its first bytes; its streams choose one by one (agent/http2).
 *
 * Nobody knows beforehand whether client or server speaks first. So a new connection begins at the target of whatever no
 * rule matches, and a server that greets is heard at once; the first request of the client is looked at when it comes.
 *
 *      choose ──► dial ──► follow exchanges ──► final: relay
 *        ▲                   │          │
 *        ├─── next request ──┘          │
 *        └─── client speaks ◄── target gone
 */
import type { Socket } from 'node:net';
import { relay, resetSocket } from '../src/net/index.ts';
import {
  ExchangeFramer,
  decodeRequestHead,
  headLimitBytes,
  opaqueReasons,
} from '../src/protocol/http1/index.ts';
import { canBePreface, isPreface, type HeldContent } from '../src/protocol/http2/index.ts';
import type { ClaimTable, HeldClaim } from './claims.ts';
import { chooseClaim } from './choose-claim.ts';
import { collectBytes } from './collect-bytes.ts';
import { endGracefully } from './end-gracefully.ts';
import { NOTHING, followExchanges } from './follow-exchanges.ts';
import { routeHttp2 } from './http2/route-http2.ts';
import { dialApp, dialLaptop, type Target, type TargetOptions } from './targets.ts';

/**
 * A client whose target has gone while nothing was outstanding may be silent so long; then its connection ends, as that of
 * any idle client does at an HTTP server. Node's servers wait 5 s, nginx 75 s.
 */
export const TARGETLESS_IDLE_MS = 15_000;

/**
 * What has not finished its request line by then is taken for another protocol and goes where that goes. One segment holds
 * it nearly always; the time is for one that has to be sent again.
 */
export const REQUEST_LINE_TIMEOUT_MS = 1000;
/** The rest of a head. Node's servers wait 60 s for it, but they are not in between. */
export const HEAD_TIMEOUT_MS = 10_000;
const LINE_END = '\n';
const HEAD_END = '\r\n\r\n';

export interface SwitchingRelayOptions extends TargetOptions {
  claims: ClaimTable;
  /** Of all connections of the agent. */
  held: HeldContent;
}

/** Owns `client`, which must have `allowHalfOpen: true`. Resolves when it is over; never rejects. */
export function relaySwitching(client: Socket, options: SwitchingRelayOptions): Promise<void> {
  return new SwitchingRelay(client, options).run();
}

class SwitchingRelay {
  readonly #client: Socket;
  readonly #options: SwitchingRelayOptions;
  readonly #framer = new ExchangeFramer();
  #target: Target | undefined;
  /** Bytes of the client that no target has got yet. */
  #waiting = NOTHING;
  /** Took the connection and lost it before its first byte: is not asked again at once. */
  #lostTo: HeldClaim | undefined;
  /** The client has not shown yet that it does not speak HTTP/2. */
  #mayBeHttp2 = true;

  constructor(client: Socket, options: SwitchingRelayOptions) {
    this.#client = client;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { claims, port, clock, signal } = this.#options;
    for (;;) {
      if (this.#isPrefaceNext(this.#waiting) && (await this.#isHttp2())) return this.#routeHttp2();
      const candidates = claims.claimsOn(port);
      const isChosenForNext = this.#waiting.length > 0 || !candidates.some(hasRule);
      this.#target = await this.#reach(await this.#choose(candidates));
      if (this.#target === undefined) {
        // What a caller would see without an agent: the connection is refused, here as early as it can be.
        resetSocket(this.#client);
        return;
      }
      const { claim } = this.#target;
      const { kind, waiting } = await followExchanges({
        client: this.#client,
        target: this.#target,
        framer: this.#framer,
        waiting: this.#waiting,
        stopsAtGreeting: this.#mayBeHttp2,
        goesElsewhere: (bytes, isFirst) => {
          if (this.#isPrefaceNext(bytes)) return true;
          if (claims.claimsOn(port) !== candidates) return true;
          if (isFirst && isChosenForNext) return false;
          // A laptop that did not take the last request is asked again for this one.
          const next = this.#decide(candidates, bytes);
          return next === 'unknown' || next !== claim;
        },
        isReplaceable: () => claims.claimsOn(port) !== candidates || (claim !== undefined && hasRule(claim)),
        signal,
      });
      this.#waiting = waiting;
      if (kind === 'final') return this.#stayWith(this.#target);
      if (kind === 'greeting' && (await this.#isHttp2())) return this.#routeHttp2();
      if (kind === 'over') {
        this.#target.leave();
        endGracefully(this.#client, clock);
        return;
      }
      if (kind === 'target-gone' && !(await this.#outliveTarget(this.#target))) return;
    }
  }

  #isPrefaceNext(bytes: Buffer): boolean {
    return this.#mayBeHttp2 && this.#framer.isFresh && canBePreface(bytes);
  }

  /** Reads until the client's first bytes tell. Asked once: what they are not then they will not be. */
  async #isHttp2(): Promise<boolean> {
    await this.#collect(
      REQUEST_LINE_TIMEOUT_MS,
      (bytes) => bytes.length > 0 && (isPreface(bytes) || !canBePreface(bytes)),
    );
    this.#mayBeHttp2 = false;
    return isPreface(this.#waiting);
  }

  /** From here on each stream chooses for itself; the target that is open is the first of them. */
  #routeHttp2(): Promise<void> {
    const { claims, port } = this.#options;
    this.#client.unshift(this.#waiting);
    return routeHttp2(this.#client, {
      ...this.#options,
      choose: (head) =>
        chooseClaim({ claims: claims.claimsOn(port), head, hasProbes: port.httpProbe === true }),
      first: this.#target,
    });
  }

  /** Returns whose laptop gets what comes now; undefined: the application. */
  async #choose(candidates: readonly HeldClaim[]): Promise<HeldClaim | undefined> {
    const lostTo = this.#lostTo;
    this.#lostTo = undefined;
    const { port } = this.#options;
    const others = candidates.find((claim) => !hasRule(claim));
    const isLookedAt = this.#waiting.length > 0 || (port.httpProbe === true && others !== undefined);
    if (isLookedAt && this.#decide(candidates, this.#waiting) === 'unknown') await this.#collectHead();
    const chosen = isLookedAt ? this.#decide(candidates, this.#waiting) : others;
    const claim = chosen === 'unknown' ? others : chosen;
    return claim === lostTo ? undefined : claim;
  }

  /** Who gets the request that starts with `bytes`; `unknown` when it takes more of them to know. */
  #decide(candidates: readonly HeldClaim[], bytes: Buffer): HeldClaim | undefined | 'unknown' {
    const hasProbes = this.#options.port.httpProbe === true && candidates.length > 0;
    if (!hasProbes && !candidates.some(hasRule)) return candidates[0];
    const head = decodeRequestHead(bytes);
    return head === undefined ? 'unknown' : chooseClaim({ claims: candidates, head, hasProbes });
  }

  /** Reads until there is a whole head, or no hope for one: another protocol must not wait for what never comes. */
  async #collectHead(): Promise<void> {
    await this.#collect(REQUEST_LINE_TIMEOUT_MS, (bytes) => hasRequestLine(bytes));
    if (this.#waiting.length > 0 && decodeRequestHead(this.#waiting) === undefined)
      await this.#collect(
        HEAD_TIMEOUT_MS,
        (bytes) => bytes.includes(HEAD_END) || bytes.length > headLimitBytes,
      );
  }

  async #collect(timeoutMs: number, isEnough: (bytes: Buffer) => boolean): Promise<void> {
    const { clock, signal } = this.#options;
    const waiting = this.#waiting;
    this.#waiting = await collectBytes(this.#client, { waiting, isEnough, timeoutMs, clock, signal });
  }

  /** Keeps the target if it is the right one, else leaves it and dials. */
  async #reach(claim: HeldClaim | undefined): Promise<Target | undefined> {
    const current = this.#target;
    if (current !== undefined && current.claim === claim && !current.stream.destroyed) return current;
    const laptop = claim === undefined ? undefined : await dialLaptop(this.#client, claim, this.#options);
    // Not kept for a laptop that refuses: while it was asked, the application may have closed what was idle.
    current?.leave();
    return laptop ?? dialApp(this.#options);
  }

  /** Returns whether the client goes on, and needs another target for it. */
  async #outliveTarget({ claim }: Target): Promise<boolean> {
    const { clock } = this.#options;
    this.#target = undefined;
    if (this.#framer.isFresh) {
      // As new to the next target as to this one; and that might be the one to speak first.
      this.#lostTo = claim;
      return true;
    }
    await this.#collect(TARGETLESS_IDLE_MS, (bytes) => bytes.length > 0);
    if (this.#waiting.length === 0) endGracefully(this.#client, clock);
    return this.#waiting.length > 0;
  }

  async #stayWith(target: Target): Promise<void> {
    const { port, logger, signal } = this.#options;
    const { opaqueReason } = this.#framer;
    if (opaqueReason !== undefined)
      logger.debug('connection stays where it is', {
        port: port.appPort,
        reason: opaqueReasons[opaqueReason],
      });
    const relayed = relay(this.#client, target.stream, { signal });
    // Both were paused, which a new listener does not undo.
    this.#client.resume();
    target.stream.resume();
    await relayed;
    target.leave();
  }
}

function hasRule({ rule }: HeldClaim): boolean {
  return rule !== undefined;
}

/** Tells whether the request line is complete, or what came is none. */
function hasRequestLine(bytes: Buffer): boolean {
  return bytes.includes(LINE_END) || decodeRequestHead(bytes) !== undefined;
}
