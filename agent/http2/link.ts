/** The connection of one HTTP/2 client to one of its targets. Requests may be made at once; they wait until it is open. */
import { addAbortListener } from 'node:events';
import { runInBackground, type Clock, type Logger } from '../../src/core/index.ts';
import type {
  HeldContent,
  HeaderField,
  Http2Connection,
  Http2Events,
} from '../../src/protocol/http2/index.ts';
import { Http2Stream } from '../../src/protocol/http2/index.ts';
import type { HeldClaim } from '../claims.ts';
import type { Target } from '../targets.ts';
import { createTransport } from './transport.ts';

export interface LinkOptions {
  /** Whose laptop; undefined: the application. */
  claim: HeldClaim | undefined;
  /** Resolves with undefined when the target does not take the connection; never rejects. */
  dial: () => Promise<Target | undefined>;
  events: Http2Events;
  /** Called once. What was not sent may be made elsewhere ({@link Link.takeUnstarted}), the rest is lost. */
  onGone: (link: Link, reason: string | undefined) => void;
  held: HeldContent;
  clock: Clock;
  logger: Logger;
}

export interface Request {
  stream: Http2Stream;
  fields: readonly HeaderField[];
  isEnd: boolean;
}

export class Link {
  readonly claim: HeldClaim | undefined;
  readonly #options: LinkOptions;
  #target: Target | undefined;
  #connection: Http2Connection | undefined;
  #early: Request[] = [];
  #isGone = false;
  #isLeaving = false;
  #stopWaiting: (() => void) | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.claim = options.claim;
    runInBackground('http2 link', this.#open(), options.logger);
  }

  /** No request can be made of it any more. */
  get isClosing(): boolean {
    return this.#isGone || this.#isLeaving || this.#connection?.isGoingAway === true;
  }

  /** The target has shown that it speaks HTTP/2. */
  get isConfirmed(): boolean {
    return this.#connection?.isConfirmed === true;
  }

  request(request: Request): void {
    if (request.isEnd) request.stream.isEnding = true;
    if (this.#connection === undefined) this.#early.push(request);
    else this.#connection.request(request.stream, request.fields, request.isEnd);
  }

  sendHeaders(stream: Http2Stream, fields: readonly HeaderField[], isEnd: boolean): void {
    if (this.#connection !== undefined) this.#connection.sendHeaders(stream, fields, isEnd);
    else if (!stream.isEnding) {
      stream.trailers = fields;
      stream.isEnding = isEnd;
    }
  }

  sendContent(stream: Http2Stream, content: Buffer, isEnd: boolean): void {
    if (this.#connection !== undefined) this.#connection.sendContent(stream, content, isEnd);
    else {
      stream.enqueue(content);
      stream.isEnding = isEnd;
    }
  }

  reset(stream: Http2Stream, code: number): void {
    if (this.#connection !== undefined) {
      this.#connection.reset(stream, code);
      return;
    }
    this.#early = this.#early.filter((request) => request.stream !== stream);
    const droppedBytes = stream.waitingBytes;
    stream.close();
    this.#options.events.onSent(stream, droppedBytes);
  }

  credit(stream: Http2Stream, sizeBytes: number): void {
    this.#connection?.credit(stream, sizeBytes);
  }

  /** The streams nothing was sent of. */
  takeUnstarted(): Http2Stream[] {
    const early = this.#early.map(({ stream }) => stream);
    this.#early = [];
    return [...early, ...(this.#connection?.takeUnstarted() ?? [])];
  }

  /** Closes the streams that are open: what waits on them is dropped. */
  end(): void {
    this.#connection?.end();
  }

  /** Ends the connection when nothing is left on it that is in flight, and its target is not to get more. */
  leaveIfUnused(): void {
    const streamCount = this.#early.length + (this.#connection?.streamCount ?? 0);
    if (streamCount === 0 && (this.isClosing || this.claim?.ended.aborted === true)) this.leave();
  }

  /** Ends the connection; what is open on it is lost to its target. */
  leave(): void {
    this.#isLeaving = true;
    this.#stopWaiting?.();
    this.#connection?.goAway('NO_ERROR');
    this.#target?.leave();
  }

  async #open(): Promise<void> {
    const { dial, events, held, clock } = this.#options;
    const target = await dial();
    if (target === undefined || this.#isLeaving) {
      target?.leave();
      this.#gone('refused');
      return;
    }
    this.#target = target;
    if (target.claim !== undefined) {
      const registration = addAbortListener(target.claim.ended, () => this.leaveIfUnused());
      this.#stopWaiting = () => registration[Symbol.dispose]();
    }
    const { stream } = target;
    const onGone = (reason: string | undefined): void => this.#gone(reason);
    this.#connection = createTransport({ stream, role: 'client', events, onGone, held, clock });
    for (const request of this.#early)
      this.#connection.request(request.stream, request.fields, request.isEnd);
    this.#early = [];
    this.leaveIfUnused();
  }

  #gone(reason: string | undefined): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#options.onGone(this, reason);
    this.leave();
  }
}
