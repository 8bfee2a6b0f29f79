/**
 * Pairs of connected Duplexes to run a protocol over: what one end writes, the other reads, in order.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Duplex, duplexPair } from 'node:stream';

export type CarrierPair = readonly [Duplex, Duplex];

/** Two ends in memory; a write completes when the other end reads it. */
export function createMemoryCarriers(): CarrierPair {
  const [near, far] = duplexPair();
  // Node 20 does not tell one side that the other was destroyed.
  near.on('close', () => near.writableFinished || far.destroy());
  far.on('close', () => far.writableFinished || near.destroy());
  return [near, far];
}

/** Two ends of a TCP connection on loopback, with half-close. */
export async function createTcpCarriers(): Promise<readonly [Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const [far] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [near, far];
}

/**
 * Two ends in memory that hurt: bytes arrive in pieces of changing size, from 1 byte up, a piece per turn of the event
 * loop, and there is room for little. The sizes follow from `seed`.
 */
export function createChoppedCarriers(seed = 1): CarrierPair {
  let state = seed;
  const nextSize = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % 4 === 0 ? 1 + (state % 13) : 1 + (state % 3_000);
  };
  const near = new ChoppedEnd(nextSize);
  const far = new ChoppedEnd(nextSize);
  near.peer = far;
  far.peer = near;
  return [near, far];
}

class ChoppedEnd extends Duplex {
  peer: ChoppedEnd | undefined;
  readonly #nextSize: () => number;
  /** The other end wants to go on writing. */
  #resume: (() => void) | undefined;

  constructor(nextSize: () => number) {
    super({ readableHighWaterMark: 1_024, writableHighWaterMark: 1_024 });
    this.#nextSize = nextSize;
  }

  override _read(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    if (resume !== undefined) setImmediate(resume);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error) => void): void {
    const { peer } = this;
    if (peer === undefined || peer.destroyed) {
      callback(new Error('The other end is gone'));
      return;
    }
    const piece = chunk.subarray(0, this.#nextSize());
    const goOn = (): void => {
      if (piece.length === chunk.length) callback();
      else this._write(chunk.subarray(piece.length), _encoding, callback);
    };
    // A copy of its own: whoever keeps views of chunks must not see them change.
    if (peer.push(Buffer.from(piece))) setImmediate(goOn);
    else peer.#resume = goOn;
  }

  override _final(callback: () => void): void {
    this.peer?.push(null);
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const { peer } = this;
    setImmediate(() => {
      if (peer !== undefined && !peer.readableEnded && !peer.destroyed) peer.destroy();
    });
    callback(error);
  }
}
