/** Two mux sessions over a pair of carriers, and what tests need to talk through them. */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { nullLogger, systemClock, type Clock } from '../../src/core/index.ts';
import { createMuxSession, type MuxLimits, type MuxSession } from '../../src/mux/index.ts';
import type { CarrierPair } from './carriers.ts';

export interface MuxPair {
  readonly client: MuxSession;
  readonly server: MuxSession;
  /** Opens a stream of the client whose errors may go unnoticed: it can outlive the test. */
  readonly open: () => Duplex;
  /** The other end of the next stream that the client opened, or will open; its errors may go unnoticed too. */
  readonly accept: () => Promise<Duplex>;
}

export interface MuxPairOptions {
  readonly carriers: CarrierPair;
  readonly clock?: Clock;
  readonly limits?: Partial<MuxLimits>;
  /** Instead of queueing the client's streams for {@link MuxPair.accept}. */
  readonly onStream?: (stream: Duplex) => void;
}

export function createMuxPair({
  carriers,
  clock = systemClock,
  limits = {},
  onStream,
}: MuxPairOptions): MuxPair {
  const accepted: Duplex[] = [];
  const waiting: ((stream: Duplex) => void)[] = [];
  const queue = (stream: Duplex): void => {
    stream.on('error', () => undefined);
    const next = waiting.shift();
    if (next === undefined) accepted.push(stream);
    else next(stream);
  };
  const shared = { clock, limits, logger: nullLogger };
  const client = createMuxSession({
    ...shared,
    carrier: carriers[0],
    role: 'client',
    onStream: (stream) => stream.destroy(),
  });
  const server = createMuxSession({
    ...shared,
    carrier: carriers[1],
    role: 'server',
    onStream: onStream ?? queue,
  });
  return {
    client,
    server,
    open: (): Duplex => client.openStream().on('error', () => undefined),
    accept: (): Promise<Duplex> => {
      const stream = accepted.shift();
      return stream === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(stream);
    },
  };
}

/**
 * Resolves with all that `stream` delivers before its end. Unlike an async iterator, and so unlike
 * `node:stream/consumers`, it does not destroy a Duplex that can still be written.
 */
export async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(stream, 'end');
  return Buffer.concat(chunks);
}

/** Like {@link readAll}, as text. */
export async function readText(stream: Duplex): Promise<string> {
  return (await readAll(stream)).toString();
}

/** Resolves with the error that `stream` is destroyed with. */
export async function findError(stream: Duplex): Promise<Error> {
  const [error] = (await once(stream, 'error')) as [Error];
  return error;
}

/** Resolves when `condition` holds, looking once per turn of the event loop; fails after `timeoutMs`. */
export async function until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadlineMs)
      throw new Error(`Not so after ${timeoutMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
