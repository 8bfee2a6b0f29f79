/** Ends a connection that has nothing more to say, and makes sure that it does not stay. */
import type { Duplex } from 'node:stream';
import type { Clock } from '../src/core/index.ts';

/** The other end has heard the end and has nothing to answer; a round trip is enough, and this is many. */
export const LINGER_MS = 5000;

/** Sends the end of `stream`, drops what still comes, and destroys it if the other end does not end it too. */
export function endGracefully(stream: Duplex, clock: Clock): void {
  if (stream.closed) return;
  const timer = clock.after(LINGER_MS, () => stream.destroy());
  stream.on('error', () => undefined);
  stream.once('close', () => timer.cancel());
  stream.end();
  stream.resume();
}
