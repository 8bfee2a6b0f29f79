/** Bounds of a session that can continue on another carrier; `docs/LIMITS.md` says what happens at each. */
export interface ResumeLimits {
  /** Bytes that were sent and are not acknowledged; the writer waits for more room. At least twice `acknowledgeBytes`. */
  readonly replayBytes: number;
  /** Received bytes after which an acknowledgement is due. */
  readonly acknowledgeBytes: number;
  /** Time between two signs of life, in milliseconds. */
  readonly heartbeatMs: number;
  /** Nothing received for so long: the client makes another carrier, and keeps this one until that works. */
  readonly suspectMs: number;
  /** Nothing received for so long: the carrier is lost. */
  readonly silenceMs: number;
  /** How long a session without a carrier is kept, in milliseconds. The agent's value counts: it tells the client. */
  readonly windowMs: number;
}

export const defaultResumeLimits: ResumeLimits = {
  // 100 MB/s over a round trip of 80 ms; what each suspended session may cost an agent.
  replayBytes: 8 * 1024 * 1024,
  // Small against the replay buffer, large against the 12 bytes that an acknowledgement takes.
  acknowledgeBytes: 256 * 1024,
  heartbeatMs: 5_000,
  suspectMs: 7_500,
  silenceMs: 15_000,
  // A change of networks, a walk between two meetings, the restart of an API server.
  windowMs: 120_000,
};
