/**
 * The agent's end of resumable sessions: gives each its ticket, finds it again by the ticket, and keeps it for the resume
 * window when its carrier is lost. A ticket is good only for who got it: the holder of the same private key.
 */
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { createDeferred, type Clock, type Logger, type Timer } from '../core/index.ts';
import { createError } from '../errors/index.ts';
import {
  TICKET_BYTES,
  defaultResumeLimits,
  encodeFrame,
  encodeWelcome,
  refusals,
  type Frame,
  type ResumeLimits,
} from '../protocol/resume/index.ts';
import { FrameCarrier } from './frame-carrier.ts';
import { ResumableStream } from './resumable-stream.ts';

/** The first frame of a carrier comes with its first bytes. */
const HELLO_TIMEOUT_MS = 10_000;
/** Sessions that wait for a carrier; the one that waits longest makes room for another. Each may hold a full replay buffer. */
export const MAXIMUM_WAITING_SESSIONS = 16;

export interface ResumeServerOptions {
  clock: Clock;
  logger: Logger;
  limits?: ResumeLimits;
}

interface Session {
  /** Of the key that opened it. */
  readonly identity: string;
  readonly ticket: Buffer;
  readonly stream: ResumableStream;
  window: Timer | undefined;
}

export class ResumeServer {
  readonly #options: ResumeServerOptions;
  readonly #limits: ResumeLimits;
  readonly #sessions = new Map<string, Session>();
  /** Without a carrier, longest first. */
  readonly #waiting = new Set<Session>();

  constructor(options: ResumeServerOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultResumeLimits;
  }

  /**
   * Greets the client at the other end of `duplex`, which has proved that it is `identity`. Returns the stream of a new
   * session; undefined when a session goes on, or the client was refused or silent.
   */
  async accept(duplex: Duplex, identity: string): Promise<ResumableStream | undefined> {
    const carrier = new FrameCarrier(duplex, { clock: this.#options.clock, limits: this.#limits });
    const greeted = createDeferred<ResumableStream | undefined>();
    const deadline = this.#options.clock.after(HELLO_TIMEOUT_MS, () => {
      carrier.destroy();
      greeted.resolve(undefined);
    });
    const ignore = (): void => undefined;
    carrier.own({
      onFrame: (frame) => {
        greeted.resolve(this.#onHello(carrier, frame, identity));
      },
      onLost: () => {
        greeted.resolve(undefined);
      },
      onFramesHandled: ignore,
      onDrain: ignore,
      onHeartbeat: ignore,
      onSuspect: ignore,
    });
    try {
      return await greeted.promise;
    } finally {
      deadline.cancel();
    }
  }

  /** @throws {TUNNEL_PROTOCOL}, which ends the carrier */
  #onHello(carrier: FrameCarrier, hello: Frame, identity: string): ResumableStream | undefined {
    if (hello.kind !== 'hello')
      throw createError('TUNNEL_PROTOCOL', { reason: `resume: ${hello.kind} before a HELLO` });
    const isNew = hello.payload.length === 0;
    if (isNew && hello.value !== 0)
      throw createError('TUNNEL_PROTOCOL', { reason: 'resume: bytes of no session' });
    const session = isNew ? this.#create(identity) : this.#sessions.get(hello.payload.toString('hex'));
    // Somebody else's ticket is as unknown as one that never was.
    if (session?.identity !== identity) {
      carrier.send([encodeFrame('refused', refusals.unknownTicket)]);
      carrier.end();
      return undefined;
    }
    carrier.send([encodeWelcome(session.stream.received, session.ticket, this.#limits.windowMs)]);
    session.stream.attach(carrier, hello.value);
    session.window?.cancel();
    this.#waiting.delete(session);
    return isNew ? session.stream : undefined;
  }

  #create(identity: string): Session {
    const { clock } = this.#options;
    const stream = new ResumableStream({
      clock,
      limits: this.#limits,
      onDetached: (reason) => {
        this.#keep(session, reason);
      },
    });
    const session: Session = { identity, ticket: randomBytes(TICKET_BYTES), stream, window: undefined };
    const key = session.ticket.toString('hex');
    this.#sessions.set(key, session);
    stream.on('error', () => undefined);
    stream.on('close', () => {
      session.window?.cancel();
      this.#waiting.delete(session);
      this.#sessions.delete(key);
    });
    return session;
  }

  #keep(session: Session, reason: Error): void {
    const { clock, logger } = this.#options;
    logger.info('session waits for a carrier', { reason: reason.message });
    const end = (why: string): void => {
      session.stream.destroy(createError('TUNNEL_LOST', { reason: why }));
    };
    session.window?.cancel();
    session.window = clock.after(this.#limits.windowMs, () => {
      end(`no connection for ${this.#limits.windowMs / 1000} s`);
    });
    this.#waiting.add(session);
    const [longest] = this.#waiting;
    if (this.#waiting.size > MAXIMUM_WAITING_SESSIONS && longest !== undefined)
      longest.stream.destroy(
        createError('TUNNEL_LOST', { reason: 'too many sessions wait for a connection' }),
      );
  }
}
