/**
 * What a session knows about one stream. Data only: `session.ts` and `send-queue.ts` make the transitions.
 *
 * The two halves of a stream are independent:
 *
 *     sending     open ──end()──▶ ending ──FIN goes out──▶ ended
 *     receiving   open ──data frame with FIN──▶ ending ──its payload is complete──▶ ended
 *                 open ──other frame with FIN──▶ ended
 *
 * A stream is forgotten when both halves have ended, or at once when either end resets it. After that its frames which
 * are still on their way are dropped.
 *
 * @see specification, "Opening a stream" and "Closing a stream"
 */
import { ByteQueue } from '../../core/index.ts';
import { frameFlags, initialWindowBytes } from './frame.ts';
import { ReceiveWindow, type ReceiveWindowOptions } from './receive-window.ts';

export type HalfState = 'open' | 'ending' | 'ended';

export interface YamuxStream {
  readonly id: number;
  readonly openedBy: 'us' | 'peer';
  sending: HalfState;
  receiving: HalfState;
  /** SYN or ACK, to go out with the next frame whatever that is; 0 afterwards. */
  openingFlag: number;
  /** What was written and has not gone out; at most one write, as the session demands. */
  readonly unsent: ByteQueue;
  /** How much the other end allows us to send. */
  sendWindowBytes: number;
  readonly receiveWindow: ReceiveWindow;
}

export function createYamuxStream(
  id: number,
  openedBy: YamuxStream['openedBy'],
  window: ReceiveWindowOptions,
): YamuxStream {
  return {
    id,
    openedBy,
    sending: 'open',
    receiving: 'open',
    openingFlag: openedBy === 'us' ? frameFlags.syn : frameFlags.ack,
    unsent: new ByteQueue(),
    sendWindowBytes: initialWindowBytes,
    receiveWindow: new ReceiveWindow(window),
  };
}

/** Tells whether a frame of this stream could go out now, window updates aside. */
export function canSend(stream: YamuxStream): boolean {
  if (stream.openingFlag !== 0) return true;
  if (stream.unsent.sizeBytes > 0) return stream.sendWindowBytes > 0;
  return stream.sending === 'ending';
}
