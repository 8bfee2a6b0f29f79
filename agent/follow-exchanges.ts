/**
 * Moves the bytes between a client and one target for as long as both are understood as HTTP/1.x, and stops where something
 * has to be decided: at a request that may have to go elsewhere, when the target goes while nothing is outstanding, or when
 * the connection has to stay where it is. Keeps backpressure. Ends and resets are left to `relay`, which gets the connection
 * after `final`; nothing is lost by that, as a stream that has ended or broken says so to whoever asks later.
 */
import { addAbortListener } from 'node:events';
import type { Duplex } from 'node:stream';
import { createDeferred } from '../src/core/index.ts';
import type { ExchangeFramer } from '../src/protocol/http1/index.ts';
import type { Target } from './targets.ts';

export interface FollowOptions {
  client: Duplex;
  target: Target;
  /** Has seen all bytes of the connection before these. */
  framer: ExchangeFramer;
  /** Bytes of the client that have been read but not moved yet. */
  waiting: Buffer;
  /** Tells whether another target would be chosen now. Asked while nothing is outstanding. */
  isStale: () => boolean;
  /** The target was chosen for one request: the one after it is not moved without asking. */
  isForOneRequest: boolean;
  signal: AbortSignal;
}

/**
 * - `next-request`: a request waits, for which the target has to be chosen again; nothing is outstanding;
 * - `target-gone`: the target has gone or has to go while nothing is outstanding, and the client need not hear of it;
 * - `final`: the connection stays with this target, whatever comes.
 */
export interface Followed {
  kind: 'next-request' | 'target-gone' | 'final';
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
      this.#listen(stream, 'drain', () => client.resume());
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
    if (client.readableEnded) this.#finish('final');
    if (this.#isFinished) return;
    client.resume();
    target.stream.resume();
  }

  #moveToTarget(chunk: Buffer): void {
    const { client, target, framer } = this.#options;
    for (let position = 0; position < chunk.length;) {
      if (framer.isIdle && this.#mustChoose()) {
        if (position > 0) target.stream.write(chunk.subarray(0, position));
        this.#finish('next-request', chunk.subarray(position));
        return;
      }
      position = framer.observeClient(chunk, position);
    }
    if (!target.stream.write(chunk)) client.pause();
    if (framer.opaqueReason !== undefined) this.#finish('final');
  }

  /** Asked once for each request that starts while nothing is outstanding. */
  #mustChoose(): boolean {
    const { isStale, isForOneRequest } = this.#options;
    const wasFirst = this.#isFirstRequest;
    this.#isFirstRequest = false;
    return isStale() || (isForOneRequest && !wasFirst);
  }

  #moveToClient(chunk: Buffer): void {
    const { client, target, framer } = this.#options;
    framer.observeTarget(chunk);
    if (!client.write(chunk)) target.stream.pause();
    if (framer.opaqueReason !== undefined) this.#finish('final');
    else if (target.claim?.ended.aborted === true) this.#leaveIfIdle();
  }

  #leaveIfIdle(): void {
    if (this.#options.framer.isIdle) this.#finish('target-gone');
  }

  /** A server may close an idle connection, and the client may see it; unless its next request goes elsewhere anyway. */
  #targetEnded(): void {
    if (this.#options.isStale()) this.#leaveIfIdle();
    this.#finish('final');
  }

  /** A laptop may vanish at any time: the application takes over. */
  #targetBroke(waiting?: Buffer): void {
    const { target, framer, isStale } = this.#options;
    const isSpared = framer.isIdle && (target.claim !== undefined || isStale());
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
