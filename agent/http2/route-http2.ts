/**
 * One HTTP/2 connection of a client to a taken port: each of its streams goes to the application or to somebody's laptop,
 * whoever is chosen when its request comes, over one connection to each. What both ends say on a stream is passed on as it
 * comes, header blocks, content, resets, with the windows of the slower end; settings, pings and windows of a connection
 * stay on it. docs/decisions/0004-own-http2-framing.md says why this is no client and server of Node's.
 */
import { addAbortListener } from 'node:events';
import type { Socket } from 'node:net';
import { createDeferred } from '../../src/core/index.ts';
import { resetSocket } from '../../src/net/index.ts';
import type { RequestHead } from '../../src/protocol/http1/index.ts';
import {
  Http2Stream,
  errorCodes,
  toRequestHead,
  type HeaderField,
  type HeldContent,
  type Http2Connection,
  type Http2Events,
} from '../../src/protocol/http2/index.ts';
import type { HeldClaim } from '../claims.ts';
import { endGracefully } from '../end-gracefully.ts';
import { dialApp, dialLaptop, type Target, type TargetOptions } from '../targets.ts';
import { lostAnswer } from './lost-answer.ts';
import { Link } from './link.ts';
import { createTransport } from './transport.ts';

export interface RouteHttp2Options extends TargetOptions {
  /** Whose laptop gets a request; undefined: the application. */
  choose: (head: RequestHead) => HeldClaim | undefined;
  held: HeldContent;
  /** A connection that is open already, with nothing sent on it and all it said still to be read. */
  first: Target | undefined;
}

/** One request, and what belongs to it at either end. */
interface Exchange {
  client: Http2Stream;
  target: Http2Stream;
  link: Link;
  fields: readonly HeaderField[];
  /** The request is its head alone, and asks for nothing to be changed. */
  isRepeatable: boolean;
  isAnswered: boolean;
}

/**
 * Owns `client`, which must be paused with its connection preface still to be read. Resolves when it is over; never rejects.
 */
export function routeHttp2(client: Socket, options: RouteHttp2Options): Promise<void> {
  return new Http2Router(client, options).run();
}

class Http2Router {
  readonly #socket: Socket;
  readonly #options: RouteHttp2Options;
  readonly #over = createDeferred<undefined>();
  readonly #links = new Map<HeldClaim | undefined, Link>();
  /** Of either end's streams. */
  readonly #exchanges = new Map<Http2Stream, Exchange>();
  #client: Http2Connection | undefined;
  #first: Target | undefined;
  #isEnding = false;
  #isOver = false;

  constructor(socket: Socket, options: RouteHttp2Options) {
    this.#socket = socket;
    this.#options = options;
    this.#first = options.first;
  }

  async run(): Promise<void> {
    const { held, clock, signal } = this.#options;
    const aborted = addAbortListener(signal, () => resetSocket(this.#socket));
    const events = this.#clientEvents();
    const onGone = (): void => this.#clientGone();
    const first = this.#first;
    if (first !== undefined) this.#linkTo(first.claim);
    this.#client = createTransport({ stream: this.#socket, role: 'server', events, onGone, held, clock });
    await this.#over.promise;
    aborted[Symbol.dispose]();
  }

  #clientEvents(): Http2Events {
    return {
      onHeaders: (stream, fields, isEnd) => {
        const exchange = this.#exchanges.get(stream);
        if (exchange === undefined) this.#begin(stream, fields, isEnd);
        else if (fields === undefined) this.#giveUp(exchange, errorCodes.ENHANCE_YOUR_CALM);
        else exchange.link.sendHeaders(exchange.target, fields, isEnd);
      },
      onContent: (stream, content, isEnd) => {
        const exchange = this.#exchanges.get(stream);
        if (exchange === undefined) this.#client?.credit(stream, content.length);
        else exchange.link.sendContent(exchange.target, content, isEnd);
      },
      onReset: (stream, code) => {
        const exchange = this.#exchanges.get(stream);
        if (exchange !== undefined) this.#forget(exchange, () => exchange.link.reset(exchange.target, code));
      },
      onSent: (stream, sizeBytes) => {
        const exchange = this.#exchanges.get(stream);
        exchange?.link.credit(exchange.target, sizeBytes);
      },
      onComplete: (stream) => this.#forgetIfComplete(stream),
      // It opens no more streams; those that are open go on until it ends the connection.
      onGoAway: () => undefined,
    };
  }

  #targetEvents(linkOf: () => Link): Http2Events {
    return {
      onHeaders: (stream, fields, isEnd) => {
        const exchange = this.#exchanges.get(stream);
        if (exchange === undefined) return;
        exchange.isAnswered = true;
        if (fields === undefined) this.#giveUp(exchange, errorCodes.ENHANCE_YOUR_CALM);
        else this.#client?.sendHeaders(exchange.client, fields, isEnd);
      },
      onContent: (stream, content, isEnd) => {
        const exchange = this.#exchanges.get(stream);
        if (exchange !== undefined) this.#client?.sendContent(exchange.client, content, isEnd);
      },
      onReset: (stream, code) => {
        const exchange = this.#exchanges.get(stream);
        if (exchange !== undefined) this.#resetClient(exchange, code);
      },
      onSent: (stream, sizeBytes) => {
        const exchange = this.#exchanges.get(stream);
        if (exchange !== undefined) this.#client?.credit(exchange.client, sizeBytes);
      },
      onComplete: (stream) => this.#forgetIfComplete(stream),
      onGoAway: () => this.#targetGoesAway(linkOf()),
    };
  }

  #begin(client: Http2Stream, fields: HeaderField[] | undefined, isEnd: boolean): void {
    const head = fields === undefined ? undefined : toRequestHead(fields);
    if (fields === undefined || head === undefined) {
      const code = fields === undefined ? errorCodes.ENHANCE_YOUR_CALM : errorCodes.PROTOCOL_ERROR;
      this.#client?.reset(client, code);
      return;
    }
    const link = this.#linkTo(this.#options.choose(head));
    const target = new Http2Stream();
    const isRepeatable = isEnd && ['GET', 'HEAD', 'OPTIONS'].includes(head.method);
    const exchange = { client, target, link, fields, isRepeatable, isAnswered: false };
    this.#exchanges.set(client, exchange).set(target, exchange);
    link.request({ stream: target, fields, isEnd });
  }

  #linkTo(claim: HeldClaim | undefined): Link {
    const open = this.#links.get(claim);
    if (open !== undefined && !open.isClosing) return open;
    const { held, clock, logger } = this.#options;
    const link: Link = new Link({
      claim,
      dial: () => this.#dial(claim),
      events: this.#targetEvents(() => link),
      onGone: (gone, reason) => this.#linkGone(gone, reason),
      held,
      clock,
      logger,
    });
    this.#links.set(claim, link);
    return link;
  }

  #dial(claim: HeldClaim | undefined): Promise<Target | undefined> {
    const first = this.#first;
    if (first !== undefined && first.claim === claim) {
      this.#first = undefined;
      if (!first.stream.destroyed) return Promise.resolve(first);
      first.leave();
    }
    return claim === undefined ? dialApp(this.#options) : dialLaptop(this.#socket, claim, this.#options);
  }

  /** The application ends its connections before it stops; the client has to hear of that to go elsewhere. */
  #targetGoesAway(link: Link): void {
    for (const stream of link.takeUnstarted()) this.#moveTo(link.claim, stream);
    link.leaveIfUnused();
    if (link.claim === undefined) this.#client?.goAway('NO_ERROR');
    this.#endIfUnused();
  }

  /** Makes a request that has not been sent at another target. */
  #moveTo(claim: HeldClaim | undefined, stream: Http2Stream): void {
    const exchange = this.#exchanges.get(stream);
    if (exchange === undefined) return;
    exchange.link = this.#linkTo(claim);
    exchange.link.request({ stream, fields: exchange.fields, isEnd: false });
  }

  #linkGone(link: Link, reason: string | undefined): void {
    if (this.#isOver) return;
    const { port, logger } = this.#options;
    const isRefused = !link.isConfirmed;
    const unstarted = link.takeUnstarted();
    const started = [...new Set(this.#exchanges.values())].filter(
      ({ link: at, target }) => at === link && !target.isClosed && !unstarted.includes(target),
    );
    link.end();
    if (this.#links.get(link.claim) === link) this.#links.delete(link.claim);
    if (link.claim === undefined) {
      this.#appGone(started.length + unstarted.length, isRefused);
      for (const stream of unstarted) this.#refuse(stream);
    } else {
      if (isRefused && unstarted.length > 0)
        logger.info('requests went to the application', { port: port.appPort, reason });
      for (const stream of unstarted) this.#moveTo(undefined, stream);
    }
    for (const exchange of started) this.#loseTarget(exchange);
    this.#endIfUnused();
  }

  /** As without an agent: the connection ends, or breaks; unless there are laptops that still answer on it. */
  #appGone(openCount: number, isRefused: boolean): void {
    const isAlone = this.#exchanges.size === 2 * openCount;
    if (isAlone && openCount > 0) resetSocket(this.#socket);
    else this.#client?.goAway(isRefused ? 'HTTP_1_1_REQUIRED' : 'NO_ERROR');
  }

  /** The target is lost with the request: the application gets it, if that does no harm; else the client is told. */
  #loseTarget(exchange: Exchange): void {
    const { link, fields, client, isAnswered, isRepeatable } = exchange;
    if (isAnswered || link.claim === undefined) {
      this.#resetClient(exchange, errorCodes.INTERNAL_ERROR);
    } else if (isRepeatable) {
      this.#exchanges.delete(exchange.target);
      exchange.target = new Http2Stream();
      this.#exchanges.set(exchange.target, exchange);
      exchange.link = this.#linkTo(undefined);
      exchange.link.request({ stream: exchange.target, fields, isEnd: true });
    } else {
      this.#forget(exchange, () => {
        const answer = lostAnswer(fields, link.claim?.session.client.name ?? '');
        this.#client?.sendHeaders(client, answer.fields, answer.content.length === 0);
        if (answer.content.length > 0) this.#client?.sendContent(client, answer.content, true);
        // The rest of the request is of no use to anybody.
        this.#client?.reset(client, errorCodes.NO_ERROR);
      });
    }
  }

  #refuse(target: Http2Stream): void {
    const exchange = this.#exchanges.get(target);
    if (exchange !== undefined) this.#resetClient(exchange, errorCodes.REFUSED_STREAM);
  }

  #giveUp(exchange: Exchange, code: number): void {
    this.#forget(exchange, () => {
      exchange.link.reset(exchange.target, code);
      this.#client?.reset(exchange.client, code);
    });
  }

  #resetClient(exchange: Exchange, code: number): void {
    // What waits for the client behind a complete answer is sent, and still credited.
    const { client } = exchange;
    if (code === errorCodes.NO_ERROR && client.isEnding && !client.isLocalEnded)
      this.#client?.reset(client, code);
    else this.#forget(exchange, () => this.#client?.reset(client, code));
  }

  #forgetIfComplete(stream: Http2Stream): void {
    const exchange = this.#exchanges.get(stream);
    if (exchange?.client.isClosed === true && exchange.target.isClosed)
      this.#forget(exchange, () => undefined);
  }

  /** Whatever is dropped by `finish` is still given back to the end that it came from. */
  #forget(exchange: Exchange, finish: () => void): void {
    finish();
    this.#exchanges.delete(exchange.client);
    this.#exchanges.delete(exchange.target);
    exchange.link.leaveIfUnused();
    this.#endIfUnused();
  }

  #endIfUnused(): void {
    if (this.#isEnding || this.#exchanges.size > 0 || this.#client?.isGoingAway !== true) return;
    this.#isEnding = true;
    endGracefully(this.#socket, this.#options.clock);
  }

  #clientGone(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#client?.end();
    for (const { link, target } of new Set(this.#exchanges.values())) link.reset(target, errorCodes.CANCEL);
    for (const link of this.#links.values()) link.leave();
    this.#first?.leave();
    this.#exchanges.clear();
    endGracefully(this.#socket, this.#options.clock);
    this.#over.resolve(undefined);
  }
}
