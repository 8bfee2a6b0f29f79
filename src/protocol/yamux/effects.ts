import type { ToolError } from '../../errors/index.ts';

/**
 * What a {@link YamuxSession} asks of the code that drives it. To be performed in order; an effect for a stream that the
 * driver has given up meanwhile is to be skipped.
 */
export type Effect =
  /** The other end opened a stream. */
  | { readonly kind: 'opened'; readonly streamId: number }
  /** Payload arrived. `bytes` is a view of what was passed to `receive`; report it with `consume` once it has been read. */
  | { readonly kind: 'data'; readonly streamId: number; readonly bytes: Buffer }
  /** The other end sends nothing more on this stream (FIN). */
  | { readonly kind: 'ended'; readonly streamId: number }
  /** The other end reset the stream; it is forgotten. */
  | { readonly kind: 'reset'; readonly streamId: number }
  /** All that was written has been taken for the carrier: the next write may come. */
  | { readonly kind: 'written'; readonly streamId: number }
  /** Our FIN has been taken for the carrier. */
  | { readonly kind: 'finished'; readonly streamId: number }
  /** Both halves have ended; the stream is forgotten. */
  | { readonly kind: 'closed'; readonly streamId: number }
  /** The response to our ping arrived. */
  | { readonly kind: 'ponged'; readonly roundTripMs: number }
  /** The other end accepts no new streams (go away 0); the open ones go on. */
  | { readonly kind: 'goneAway' }
  /** The session is over and has forgotten all streams. What it still has to send (at most a go away frame) is for the end. */
  | { readonly kind: 'failed'; readonly error: ToolError };

/** Bytes for the carrier, and what follows from their being taken. */
export interface Transmission {
  /** In order. Payload is not copied: these can be the very buffers that were written. */
  readonly chunks: Buffer[];
  readonly effects: Effect[];
}
