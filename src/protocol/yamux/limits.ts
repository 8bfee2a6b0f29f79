/** Bounds of one session. Each has a default, with its reason, in `src/mux/limits.ts`. */
export interface YamuxLimits {
  /** Streams that may be open at once, counted separately for each end that opens them. */
  readonly maximumStreams: number;
  /** To how much the receive window of one stream may grow, in bytes; never less than the 256 KiB it starts with. */
  readonly maximumWindowBytes: number;
  /** By how much all receive windows of the session together may grow, in bytes. */
  readonly sessionWindowGrowthBytes: number;
  /** Time between two pings, in milliseconds; Infinity for none but the first. */
  readonly heartbeatMs: number;
  /** Nothing received for so long, in milliseconds, and the session fails with TUNNEL_LOST; Infinity for never. */
  readonly silenceMs: number;
}
