/**
 * Follows both directions of an HTTP/1.x connection and knows when nothing is outstanding: each request that was sent is
 * complete and completely answered. Only then may the next request go to another target.
 *
 * It is an observer, no parser: it gives out no message and changes no byte (agent/switching-relay.ts moves them). Its one
 * promise is that no reader of these bytes sees a message start anywhere else. So everything that RFC 9112 calls
 * ambiguous, or leaves to the leniency of the reader, is not interpreted but makes the connection *opaque*, for the rest of
 * its life: it stays with its target, whatever its bytes mean to it. Two Content-Length fields, Transfer-Encoding beside
 * Content-Length, another transfer coding than one "chunked", a bare CR or LF, whitespace before a colon, folded lines,
 * loose chunk sizes, empty lines before a request: a gateway that guesses there can be made to see another message than
 * the server behind it (request smuggling, RFC 9112 §11.2).
 *
 * Specification: RFC 9110 (June 2022) §7.8, §9.3.6, §15.2; RFC 9112 (June 2022) §6.3, §9.3.
 */
import { findContradiction, isPersistent, type FramingFields } from './fields.ts';
import { outstandingLimit } from './limits.ts';
import { MessageFramer, type Content } from './message-framer.ts';
import type { OpaqueReason } from './opaque.ts';
import {
  canStartRequestLine,
  parseRequestLine,
  parseStatusLine,
  type RequestLine,
  type StatusLine,
} from './start-line.ts';

/** A request whose response is not complete: what of it matters to the response. */
interface OutstandingRequest {
  isHead: boolean;
  wantsUpgrade: boolean;
}

export class ExchangeFramer {
  readonly #outstanding: OutstandingRequest[] = [];
  readonly #requests: MessageFramer<RequestLine>;
  readonly #responses: MessageFramer<StatusLine>;
  /** The response that is on its way is an interim one (1xx): the request stays outstanding. */
  #isInterim = false;
  #isFresh = true;
  /** What neither direction shows alone. */
  #opaqueReason: OpaqueReason | undefined;

  constructor() {
    this.#requests = new MessageFramer({
      parseStartLine: parseRequestLine,
      canStart: canStartRequestLine,
      onHead: (line, fields) => this.#receiveRequestHead(line, fields),
      onEnd: (): void => undefined,
    });
    this.#responses = new MessageFramer({
      parseStartLine: parseStatusLine,
      canStart: () => true,
      onHead: (line, fields) => this.#receiveResponseHead(line, fields),
      onEnd: () => {
        if (!this.#isInterim) this.#outstanding.shift();
      },
    });
  }

  /** True until the first byte of either direction. */
  get isFresh(): boolean {
    return this.#isFresh;
  }

  /** True when the next byte of the client starts a request and everything before it is answered. */
  get isIdle(): boolean {
    return (
      this.opaqueReason === undefined &&
      this.#outstanding.length === 0 &&
      this.#requests.isBetween &&
      this.#responses.isBetween
    );
  }

  /** True when the next byte of the client starts a request, whatever is outstanding. */
  get isBetweenRequests(): boolean {
    return this.opaqueReason === undefined && this.#requests.isBetween;
  }

  /** Why the connection has to stay with its target for ever; undefined while it is understood. */
  get opaqueReason(): OpaqueReason | undefined {
    return this.#opaqueReason ?? this.#requests.opaqueReason ?? this.#responses.opaqueReason;
  }

  /**
   * Follows the client's bytes in `chunk` from `offset`, which it only reads and does not keep. Returns the offset at which
   * the next request starts, or the length of the chunk.
   */
  observeClient(chunk: Buffer, offset: number): number {
    if (offset < chunk.length) this.#isFresh = false;
    // What follows may be the other protocol already, or the next request: servers differ.
    if (this.#requests.isBetween && this.#outstanding.at(-1)?.wantsUpgrade === true)
      this.#opaqueReason ??= 'upgrade';
    return this.opaqueReason === undefined ? this.#requests.observe(chunk, offset) : chunk.length;
  }

  /** Follows the target's bytes, which it only reads and does not keep. */
  observeTarget(chunk: Buffer): void {
    if (chunk.length > 0) this.#isFresh = false;
    for (let offset = 0; offset < chunk.length && this.opaqueReason === undefined;) {
      if (this.#outstanding.length === 0) this.#opaqueReason = 'unsolicited';
      else offset = this.#responses.observe(chunk, offset);
    }
  }

  #receiveRequestHead({ method, minorVersion }: RequestLine, fields: FramingFields): Content | OpaqueReason {
    if (method === 'CONNECT') return 'connect';
    const contradiction = findContradiction(fields, minorVersion);
    if (contradiction !== undefined) return contradiction;
    if (!isPersistent(fields, minorVersion)) return 'last-exchange';
    if (this.#outstanding.length === outstandingLimit) return 'too-many-outstanding';
    this.#outstanding.push({ isHead: method === 'HEAD', wantsUpgrade: fields.hasUpgrade });
    return fields.isChunked ? 'chunked' : (fields.contentLength ?? 0);
  }

  /** The rules of RFC 9112 §6.3, in their order, as far as they are no ambiguity. */
  #receiveResponseHead({ status, minorVersion }: StatusLine, fields: FramingFields): Content | OpaqueReason {
    const contradiction = findContradiction(fields, minorVersion);
    if (contradiction !== undefined) return contradiction;
    const hasContent = fields.isChunked || (fields.contentLength ?? 0) > 0;
    this.#isInterim = status < 200;
    if (status === 101) return 'upgrade';
    if (this.#isInterim || status === 204) {
      if (hasContent) return 'content-forbidden';
      if (this.#isInterim) return 0;
    }
    if (!isPersistent(fields, minorVersion)) return 'last-exchange';
    if (this.#outstanding[0]?.isHead === true || status === 204 || status === 304) return 0;
    if (fields.isChunked) return 'chunked';
    // Without a length the response ends with the connection.
    return fields.contentLength ?? 'last-exchange';
  }
}
