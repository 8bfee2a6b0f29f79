/**
 * One connection of a client to a taken port, from its first byte to its last, over as many targets as it takes.
 *
 * Clients keep connections alive. An intercept that chose a target once per connection would miss the requests on those
 * that are open when it starts, and would have to cut those that are open when it ends. So the target is chosen again for
 * each HTTP/1.x request, at the one moment when nobody can notice: everything before it is answered, nothing of it has been
 * sent. What is not understood as HTTP/1.x beyond doubt (src/protocol/http1) stays with its target until it ends, as in any
 * `relay`. No byte is changed, either way.
 *
 *      choose ──► dial ──► follow exchanges ──► final: relay
 *        ▲                   │          │
 *        ├─── next request ──┘          │
 *        └─── client speaks ◄── target gone
 */
import type { Socket } from 'node:net';
import { relay, resetSocket } from '../src/net/index.ts';
import { ExchangeFramer, decodeRequestHead, opaqueReasons } from '../src/protocol/http1/index.ts';
import type { ClaimTable, HeldClaim } from './claims.ts';
import { collectBytes } from './collect-bytes.ts';
import { endGracefully } from './end-gracefully.ts';
import { NOTHING, followExchanges } from './follow-exchanges.ts';
import { PROBE_HEAD_LIMIT_BYTES, PROBE_HEAD_TIMEOUT_MS, isKubeletProbe } from './probe.ts';
import { dialApp, dialLaptop, type Target, type TargetOptions } from './targets.ts';

/**
 * A client whose target has gone while nothing was outstanding may be silent so long; then its connection ends, as that of
 * any idle client does at an HTTP server. Node's servers wait 5 s, nginx 75 s.
 */
export const TARGETLESS_IDLE_MS = 15_000;

export interface SwitchingRelayOptions extends TargetOptions {
  claims: ClaimTable;
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

  constructor(client: Socket, options: SwitchingRelayOptions) {
    this.#client = client;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { claims, port, signal } = this.#options;
    for (;;) {
      const held = claims.find(port);
      this.#target = await this.#reach(await this.#choose(held));
      if (this.#target === undefined) {
        // What a caller would see without an agent: the connection is refused, here as early as it can be.
        resetSocket(this.#client);
        return;
      }
      const { kind, waiting } = await followExchanges({
        client: this.#client,
        target: this.#target,
        framer: this.#framer,
        waiting: this.#waiting,
        isStale: () => claims.find(port) !== held,
        // A laptop that did not take this request is asked again for the next; a probe says nothing about it either.
        isForOneRequest: held !== undefined && (this.#target.claim !== held || port.httpProbe === true),
        signal,
      });
      this.#waiting = waiting;
      if (kind === 'final') return this.#stayWith(this.#target);
      if (kind === 'target-gone' && !(await this.#outliveTarget(this.#target))) return;
    }
  }

  /** Returns whose laptop gets what comes now; undefined: the application. */
  async #choose(held: HeldClaim | undefined): Promise<HeldClaim | undefined> {
    const isLostTo = held === this.#lostTo;
    this.#lostTo = undefined;
    if (held === undefined || isLostTo) return undefined;
    const isProbe = this.#options.port.httpProbe === true && (await this.#isProbeNext());
    return isProbe ? undefined : held;
  }

  /** A probe is told by its head, so that the target can only be chosen when that is complete. */
  async #isProbeNext(): Promise<boolean> {
    const { clock, signal } = this.#options;
    this.#waiting = await collectBytes(this.#client, {
      waiting: this.#waiting,
      isEnough: (bytes) => bytes.length >= PROBE_HEAD_LIMIT_BYTES || decodeRequestHead(bytes) !== undefined,
      timeoutMs: PROBE_HEAD_TIMEOUT_MS,
      clock,
      signal,
    });
    const head = decodeRequestHead(this.#waiting);
    return typeof head === 'object' && isKubeletProbe(head);
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
    const { clock, signal } = this.#options;
    this.#target = undefined;
    if (this.#framer.isFresh) {
      // As new to the next target as to this one; and that might be the one to speak first.
      this.#lostTo = claim;
      return true;
    }
    this.#waiting = await collectBytes(this.#client, {
      waiting: this.#waiting,
      isEnough: (bytes) => bytes.length > 0,
      timeoutMs: TARGETLESS_IDLE_MS,
      clock,
      signal,
    });
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
