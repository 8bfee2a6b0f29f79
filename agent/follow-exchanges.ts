/**
 * Moves the bytes between a client and one target for as long as both are understood as HTTP/1.x, and stops where something
 * has to be decided: at a request that may have to go elsewhere, when the target goes while nothing is outstanding, or when
 * the connection has to stay where it is. Keeps backpressure. Ends and resets are left to `relay`, which gets the connection
 * after `final`; nothing is lost by that, as a stream that has ended or broken says so to whoever asks later.
 */
import { addAbortListener } from 'node:events';
import type { Duplex } from 'node:stream';
import { createDeferred } from '../src/core/index.ts';
import type { ExchangeFramer, OpaqueReason } from '../src/protocol/http1/index.ts';
import { isServerPreface } from '../src/protocol/http2/index.ts';
import type { Target } from './targets.ts';

export interface FollowOptions {
  client: Duplex;
  target: Target;
  /** Has seen all bytes of the connection before these. */
  framer: ExchangeFramer;
  /** Bytes of the client that have been read but not moved yet. */
  waiting: Buffer;
  /**
   * Tells whether the request that starts with these bytes may have to go to another target; also when it takes more bytes
   * to know. Asked once for each request. Such a request waits until nothing before it is outstanding.
   */
  goesElsewhere: (bytes: Buffer, isFirst: boolean) => boolean;
  /** Stops where the target says hello in HTTP/2 before the client has said anything. */
  stopsAtGreeting: boolean;
  /** Tells whether the client needs this target for what may come; asked when it ends. */
  isReplaceable: () => boolean;
  signal: AbortSignal;
}

/**
 * - `next-request`: a request waits, for which the target has to be chosen again; nothing is outstanding;
 * - `greeting`: the target has said hello in HTTP/2, which is still to be read; the client has said nothing;
 * - `target-gone`: the target has gone or has to go while nothing is outstanding, and the client need not hear of it;
 * - `over`: the target has ended before it had answered everything, and the client has sent a request for another one. What
 *   the target had to say is said; the connection cannot go on;
 * - `final`: the connection stays with this target, whatever comes.
 */
export interface Followed {
  kind: 'next-request' | 'greeting' | 'target-gone' | 'over' | 'final';
  /** Bytes of the client that have not been moved. */
  waiting: Buffer;
}

/** Both streams are paused when it resolves, and without its listeners. Never rejects. */
export function followExchanges(options: FollowOptions): Promise<Followed> {
  return new Follower(options).run();
}

export const NOTHING: Buffer = Buffer.alloc(0);

class Follower {
  readonly #options: FollowOptions;
  readonly #followed = createDeferred<Followed>();
  readonly #undo: (() => void)[] = [];
  #isFirstRequest = true;
  /** Starts with a request that goes elsewhere as soon as nothing is outstanding; the client is paused meanwhile. */
  #held: Buffer | undefined;
  #isFinished = false;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  run(): Promise<Followed> {
    const { client, target, waiting, signal } = this.#options;
    const { stream, claim } = target;
    if (client.closed || client.destroyed) this.#finish('final', waiting);
    else if (stream.destroyed) this.#targetBroke(waiting);
    else {
      this.#listen(client, 'drain', () => stream.resume());
      this.#listen(stream, 'drain', () => this.#resumeClient());
      this.#listen(client, 'data', (chunk) => this.#moveToTarget(chunk));
      this.#listen(stream, 'data', (chunk) => this.#moveToClient(chunk));
      this.#listen(client, 'end', () => this.#finish('final'));
      this.#listen(client, 'close', () => this.#finish('final'));
      this.#listen(stream, 'end', () => this.#targetEnded());
      this.#listen(stream, 'close', () => this.#targetBroke());
      this.#listenForAbort(signal, () => this.#finish('final'));
      if (claim !== undefined) this.#listenForAbort(claim.ended, () => this.#leaveIfIdle());
      this.#start();
    }
    return this.#followed.promise;
  }

  #start(): void {
    const { client, target, waiting } = this.#options;
    if (waiting.length > 0) this.#moveToTarget(waiting);
    if (client.readableEnded && this.#held === undefined) this.#finish('final');
    if (this.#isFinished) return;
    this.#resumeClient();
    target.stream.resume();
  }

  #resumeClient(): void {
    if (this.#held === undefined) this.#options.client.resume();
  }

  #moveToTarget(chunk: Buffer): void {
    const { client, target, framer } = this.#options;
    for (let position = 0; position < chunk.length;) {
      if (framer.isBetweenRequests && this.#mustChoose(chunk.subarray(position))) {
        if (position > 0) target.stream.write(chunk.subarray(0, position));
        this.#hold(chunk.subarray(position));
        return;
      }
      position = framer.observeClient(chunk, position);
    }
    if (!target.stream.write(chunk)) client.pause();
    if (framer.opaqueReason !== undefined) this.#finish('final');
  }

  #mustChoose(bytes: Buffer): boolean {
    const isFirst = this.#isFirstRequest;
    this.#isFirstRequest = false;
    return this.#options.goesElsewhere(bytes, isFirst);
  }

  #hold(bytes: Buffer): void {
    this.#options.client.pause();
    this.#held = bytes;
    this.#chooseIfIdle();
  }

  #chooseIfIdle(): void {
    const { framer } = this.#options;
    if (this.#held !== undefined && framer.isIdle) this.#finish('next-request', this.#held);
  }

  #moveToClient(chunk: Buffer): void {
    const { client, target, framer, stopsAtGreeting } = this.#options;
    if (stopsAtGreeting && framer.isFresh && isServerPreface(chunk)) {
      this.#finish('greeting');
      target.stream.unshift(chunk);
      return;
    }
    framer.observeTarget(chunk);
    if (!client.write(chunk)) target.stream.pause();
    this.#chooseIfIdle();
    if (framer.opaqueReason !== undefined) this.#becomeOpaque(framer.opaqueReason);
    else if (target.claim?.ended.aborted === true) this.#leaveIfIdle();
  }

  /** What was held is of the agreed protocol after an upgrade. Else it is a request that this target must not get. */
  #becomeOpaque(reason: OpaqueReason): void {
    const { target } = this.#options;
    if (this.#held !== undefined && reason !== 'upgrade') return;
    if (this.#held !== undefined) target.stream.write(this.#held);
    this.#finish('final');
  }

  #leaveIfIdle(): void {
    if (this.#options.framer.isIdle) this.#finish('target-gone');
  }

  /** A server may close an idle connection, and the client may see it; unless its next request may go elsewhere. */
  #targetEnded(): void {
    if (this.#options.isReplaceable()) this.#leaveIfIdle();
    this.#finish(this.#held === undefined ? 'final' : 'over');
  }

  /** A laptop may vanish at any time: the application takes over. */
  #targetBroke(waiting?: Buffer): void {
    const { target, framer, isReplaceable } = this.#options;
    const isSpared = framer.isIdle && (target.claim !== undefined || isReplaceable());
    this.#finish(isSpared ? 'target-gone' : 'final', waiting);
  }

  #finish(kind: Followed['kind'], waiting: Buffer = NOTHING): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    const { client, target } = this.#options;
    // Before the listeners go: bytes that nobody listens for are lost.
    client.pause();
    target.stream.pause();
    for (const undo of this.#undo) undo();
    if (kind === 'target-gone') target.leave();
    this.#followed.resolve({ kind, waiting });
  }

  #listen(stream: Duplex, event: string, listener: (chunk: Buffer) => void): void {
    stream.on(event, listener);
    this.#undo.push(() => stream.off(event, listener));
  }

  #listenForAbort(signal: AbortSignal, listener: () => void): void {
    const registration = addAbortListener(signal, listener);
    this.#undo.push(() => registration[Symbol.dispose]());
  }
}
