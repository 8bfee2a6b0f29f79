/**
 * Two ends of a resumable session in memory, and as many carriers between them as a schedule makes: bytes arrive late and
 * in pieces, carriers are cut at any byte, the two ends notice at different times, and a new carrier may stand beside an
 * old one. What must hold at every step is checked at every step.
 */
import assert from 'node:assert/strict';
import {
  FrameDecoder,
  ResumeSession,
  encodeFrame,
  encodeWelcome,
  readWelcome,
  type Frame,
  type ResumeLimits,
} from '../../src/protocol/resume/index.ts';

export const modelLimits: Pick<ResumeLimits, 'replayBytes' | 'acknowledgeBytes'> = {
  replayBytes: 400,
  acknowledgeBytes: 100,
};
/** No write of a schedule is longer, in bytes: what a writer may exceed the replay buffer by. */
export const WRITE_LIMIT_BYTES = 200;
const ticket = Buffer.alloc(32, 7);

export type Side = 'client' | 'agent';

export type Step =
  | { do: 'write'; side: Side; size: number }
  | { do: 'end'; side: Side }
  | { do: 'send'; side: Side; size: number }
  | { do: 'heartbeat'; side: Side }
  /** `size` bytes of carrier `index` arrive at `side`. */
  | { do: 'deliver'; side: Side; index: number; size: number }
  | { do: 'connect' }
  /** Bytes under way are lost; neither end knows yet. */
  | { do: 'cut'; index: number }
  | { do: 'notice'; side: Side; index: number };

class ModelCarrier {
  /** Bytes on their way to each side. */
  readonly toward: Record<Side, Buffer> = { client: Buffer.alloc(0), agent: Buffer.alloc(0) };
  readonly decoder: Record<Side, FrameDecoder> = { client: new FrameDecoder(), agent: new FrameDecoder() };
  isCut = false;
  /** The side has given it up, or was superseded: it neither reads nor writes it. */
  readonly isClosed: Record<Side, boolean> = { client: false, agent: false };
  readonly isGreeted: Record<Side, boolean> = { client: false, agent: false };

  send(to: Side, chunks: readonly Buffer[]): void {
    if (!this.isCut) this.toward[to] = Buffer.concat([this.toward[to], ...chunks]);
  }
}

export class ResumeModel {
  readonly #ends: Record<Side, ResumeSession> = {
    client: new ResumeSession(modelLimits),
    agent: new ResumeSession(modelLimits),
  };
  readonly #carriers: ModelCarrier[] = [];
  readonly #current: Record<Side, ModelCarrier | undefined> = { client: undefined, agent: undefined };
  readonly #written: Record<Side, number> = { client: 0, agent: 0 };
  readonly #delivered: Record<Side, number> = { client: 0, agent: 0 };
  readonly #isEnded: Record<Side, boolean> = { client: false, agent: false };

  perform(step: Step): void {
    switch (step.do) {
      case 'write':
        this.#write(step.side, step.size);
        break;
      case 'end':
        this.#isEnded[step.side] = true;
        this.#ends[step.side].end();
        break;
      case 'send':
        this.#send(step.side, step.size);
        break;
      case 'heartbeat':
        this.#ends[step.side].acknowledge();
        break;
      case 'deliver':
        this.#deliver(step.side, this.#carriers[step.index % this.#carriers.length], step.size);
        break;
      case 'connect':
        this.#connect();
        break;
      case 'cut':
        this.#cut(this.#carriers[step.index % this.#carriers.length]);
        break;
      case 'notice':
        this.#notice(step.side, this.#carriers[step.index % this.#carriers.length]);
        break;
    }
    for (const side of ['client', 'agent'] as const)
      assert.ok(
        this.#ends[side].unacknowledgedBytes < modelLimits.replayBytes + WRITE_LIMIT_BYTES,
        'memory is bounded',
      );
  }

  /** A quiet network from now on: all that was written has to arrive. */
  heal(): void {
    for (const carrier of this.#carriers) this.#cut(carrier);
    for (const carrier of this.#carriers) for (const side of sides) this.#notice(side, carrier);
    this.#connect();
    for (const side of sides) this.perform({ do: 'end', side });
    for (let round = 0; round < 100; round += 1)
      for (const side of sides) {
        this.#ends[side].acknowledge();
        this.#send(side, 64);
        this.#deliver(other(side), this.#carriers.at(-1), 10_000);
      }
    for (const side of sides) {
      assert.equal(this.#delivered[other(side)], this.#written[side], `all bytes of the ${side}`);
      assert.ok(this.#ends[side].isEndAcknowledged && this.#ends[side].isEndReceived, `ends of the ${side}`);
      assert.equal(this.#ends[side].unacknowledgedBytes, 0);
    }
  }

  #write(side: Side, size: number): void {
    const end = this.#ends[side];
    if (this.#isEnded[side] || !end.hasRoom) return;
    const chunk = Buffer.from(Uint8Array.from({ length: size }, (_, i) => byteAt(this.#written[side] + i)));
    this.#written[side] += size;
    end.write([chunk.subarray(0, size >> 1), chunk.subarray(size >> 1)]);
  }

  #send(side: Side, size: number): void {
    const carrier = this.#current[side];
    if (carrier === undefined) return;
    for (let frames = this.#ends[side].take(size); frames.length > 0; frames = this.#ends[side].take(size))
      carrier.send(other(side), frames);
  }

  #connect(): void {
    const carrier = new ModelCarrier();
    this.#carriers.push(carrier);
    const isNew = this.#carriers.length === 1;
    carrier.send('agent', [
      encodeFrame('hello', this.#ends.client.received, isNew ? Buffer.alloc(0) : ticket),
    ]);
    carrier.isGreeted.client = true;
  }

  #cut(carrier: ModelCarrier | undefined): void {
    if (carrier === undefined) return;
    carrier.isCut = true;
    carrier.toward.client = carrier.toward.agent = Buffer.alloc(0);
  }

  #notice(side: Side, carrier: ModelCarrier | undefined): void {
    if (carrier?.isCut !== true) return;
    carrier.isClosed[side] = true;
    if (this.#current[side] !== carrier) return;
    this.#current[side] = undefined;
    this.#ends[side].detach();
  }

  #deliver(side: Side, carrier: ModelCarrier | undefined, size: number): void {
    if (carrier === undefined || carrier.isClosed[side]) return;
    const bytes = carrier.toward[side];
    carrier.toward[side] = bytes.subarray(size);
    const decoder = carrier.decoder[side];
    decoder.push(bytes.subarray(0, size));
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
      if (frame.kind === 'hello') this.#welcome(carrier, frame);
      else if (frame.kind === 'welcome') this.#adopt(carrier, frame);
      else this.#receive(side, frame);
    }
  }

  #welcome(carrier: ModelCarrier, hello: Frame): void {
    carrier.send('client', [encodeWelcome(this.#ends.agent.received, ticket, 1_000)]);
    this.#switchTo('agent', carrier, hello.value);
  }

  #adopt(carrier: ModelCarrier, welcome: Frame): void {
    assert.deepEqual(readWelcome(welcome).ticket, ticket);
    this.#switchTo('client', carrier, welcome.value);
  }

  /** The carrier before is given up: the agent closes it, and so does the client. */
  #switchTo(side: Side, carrier: ModelCarrier, peerReceived: number): void {
    const before = this.#current[side];
    if (before !== undefined) before.isClosed[side] = true;
    this.#current[side] = carrier;
    this.#ends[side].attach(peerReceived);
  }

  #receive(side: Side, frame: Frame): void {
    const bytes = this.#ends[side].receive(frame);
    for (const byte of bytes ?? []) {
      assert.equal(byte, byteAt(this.#delivered[side]), `byte ${this.#delivered[side]} at the ${side}`);
      this.#delivered[side] += 1;
    }
    assert.ok(this.#delivered[side] <= this.#written[other(side)]);
    if (this.#ends[side].isEndReceived) assert.equal(this.#delivered[side], this.#written[other(side)]);
  }
}

export const sides = ['client', 'agent'] as const;

function other(side: Side): Side {
  return side === 'client' ? 'agent' : 'client';
}

/** Differs between neighbours and over any distance that a schedule reaches. */
function byteAt(offset: number): number {
  return (offset * 167 + (offset >> 8) * 13) & 0xff;
}
