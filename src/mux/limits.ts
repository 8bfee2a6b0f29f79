import { initialWindowBytes, type YamuxLimits } from '../protocol/yamux/index.ts';

/** Bounds of a session; `docs/LIMITS.md` says what happens at each. */
export interface MuxLimits extends YamuxLimits {
  /** How long `close()` waits for open streams, in milliseconds. */
  readonly closeTimeoutMs: number;
}

export const defaultMuxLimits: MuxLimits = {
  // A busy service holds some thousand connections; more is a leak somewhere. Beyond the limit: MUX_STREAM_LIMIT at the
  // end that opens, RST from the end that is asked.
  maximumStreams: 8_192,
  // What 200 MB/s with a round trip of 80 ms needs: the fastest port-forward over a far-away API server.
  maximumWindowBytes: 16 * 1024 * 1024,
  // Four streams at full size. When it is used up windows just stop growing.
  sessionWindowGrowthBytes: 4 * (16 * 1024 * 1024 - initialWindowBytes),
  // Two heartbeats may get lost in a hiccup of the network before the third's absence counts.
  heartbeatMs: 5_000,
  silenceMs: 15_000,
  // Requests in flight get a chance; somebody is waiting for the program to end.
  closeTimeoutMs: 5_000,
};
