/** Signals for one operation with many requests at once. */
import { setMaxListeners } from 'node:events';

/**
 * Returns a signal that aborts with the first of `signals`, to be used for as long as one operation lasts. Every request
 * listens to it; Node takes more than ten for a leak.
 */
export function deriveSignal(...signals: AbortSignal[]): AbortSignal {
  const derived = AbortSignal.any(signals);
  setMaxListeners(0, derived);
  return derived;
}
