/**
 * One end of a session that outlives its carriers: an ordered stream of bytes each way, which continues on the next carrier
 * where it stopped (docs/PROTOCOL.md, "Resume"). No I/O: chunks in and frames out, frames in and bytes out.
 *
 * Offsets count bytes from the start of the session; the end of a direction counts as one more, so that it is acknowledged
 * like a byte. Whatever carriers lose, delay or repeat: what {@link receive} returns is a prefix of what the other end wrote.
 */
import { encodeFrame, violation, type Frame } from './frame.ts';
import type { ResumeLimits } from './limits.ts';
import { ReplayBuffer } from './replay-buffer.ts';

export class ResumeSession {
  readonly #limits: Pick<ResumeLimits, 'replayBytes' | 'acknowledgeBytes'>;
  readonly #replay = new ReplayBuffer();
  /** Next offset to send on this carrier, and the highest that was sent on any. */
  #sent = 0;
  #highestSent = 0;
  #isEnded = false;
  #isEndAcknowledged = false;
  #received = 0;
  #isEndReceived = false;
  #lastAcknowledgement = 0;
  #owesAcknowledgement = false;
  #isAttached = false;

  constructor(limits: Pick<ResumeLimits, 'replayBytes' | 'acknowledgeBytes'>) {
    this.#limits = limits;
  }

  // --- what is sent -------------------------------------------------------------------------------------------------

  /** Whether more may be written. What is written nevertheless is kept, past the limit. */
  get hasRoom(): boolean {
    return this.#replay.sizeBytes < this.#limits.replayBytes;
  }

  /** Bytes that are kept until they are acknowledged. */
  get unacknowledgedBytes(): number {
    return this.#replay.sizeBytes;
  }

  /** Everything written has been given to a carrier. */
  get isSent(): boolean {
    return this.#sent >= this.#finalOffset;
  }

  get isEndAcknowledged(): boolean {
    return this.#isEndAcknowledged;
  }

  /** Behind all there is to send; the end counts one. */
  get #finalOffset(): number {
    return this.#replay.end + (this.#isEnded ? 1 : 0);
  }

  /** The chunks must not change any more. Not after {@link end}. */
  write(chunks: readonly Buffer[]): void {
    for (const chunk of chunks) this.#replay.push(chunk);
  }

  end(): void {
    this.#isEnded = true;
  }

  /** Makes the next {@link take} say how much has been received: a sign of life. */
  acknowledge(): void {
    this.#owesAcknowledgement = true;
  }

  /** The next frame for the carrier, with at most `maximumBytes` of payload; empty when there is none. */
  take(maximumBytes: number): Buffer[] {
    if (!this.#isAttached) return [];
    const frames: Buffer[] = [];
    if (this.#owesAcknowledgement) {
      this.#owesAcknowledgement = false;
      this.#lastAcknowledgement = this.#received;
      frames.push(encodeFrame('acknowledge', this.#received));
    }
    const length = Math.min(maximumBytes, this.#replay.end - this.#sent);
    if (length > 0) {
      frames.push(encodeFrame('data', this.#sent, length), ...this.#replay.read(this.#sent, length));
      this.#sent += length;
    } else if (this.#isEnded && this.#sent === this.#replay.end) {
      frames.push(encodeFrame('end', this.#sent));
      this.#sent += 1;
    }
    this.#highestSent = Math.max(this.#highestSent, this.#sent);
    return frames;
  }

  // --- carriers -----------------------------------------------------------------------------------------------------

  /** The next offset expected: HELLO and WELCOME say it. */
  get received(): number {
    return this.#received;
  }

  /** Goes on with a new carrier, from what the other end says that it has received. @throws {TUNNEL_PROTOCOL} */
  attach(peerReceived: number): void {
    this.#acceptAcknowledgement(peerReceived, 'an offset that was never sent');
    // Older than an acknowledgement that came over the carrier before: those bytes are no longer here, nor needed.
    this.#sent = Math.max(peerReceived, this.#acknowledgedOffset);
    this.#owesAcknowledgement = false;
    this.#lastAcknowledgement = this.#received;
    this.#isAttached = true;
  }

  /** The carrier is gone, or is not written to any more. */
  detach(): void {
    this.#isAttached = false;
  }

  // --- what is received ---------------------------------------------------------------------------------------------

  /** The other end has ended, and everything before that was returned. */
  get isEndReceived(): boolean {
    return this.#isEndReceived;
  }

  /** Takes a DATA, END or ACK frame of any carrier. Returns the bytes that are new. @throws {TUNNEL_PROTOCOL} */
  receive({ kind, value, payload }: Frame): Buffer | undefined {
    switch (kind) {
      case 'data':
        return this.#receiveData(value, payload);
      case 'end':
        this.#receiveEnd(value);
        return undefined;
      case 'acknowledge':
        this.#acceptAcknowledgement(value, 'an acknowledgement of what was never sent');
        return undefined;
      default:
        return violation(`${kind} in the middle of a session`);
    }
  }

  #receiveData(offset: number, payload: Buffer): Buffer | undefined {
    if (offset > this.#received) violation('bytes are missing');
    const fresh = payload.subarray(Math.min(payload.length, this.#received - offset));
    if (fresh.length === 0) return undefined;
    if (this.#isEndReceived) violation('bytes after the end');
    this.#received += fresh.length;
    if (this.#received - this.#lastAcknowledgement >= this.#limits.acknowledgeBytes)
      this.#owesAcknowledgement = true;
    return fresh;
  }

  #receiveEnd(offset: number): void {
    // Also again, on another carrier: the acknowledgement may be what was lost.
    this.#owesAcknowledgement = true;
    if (this.#isEndReceived && offset === this.#received - 1) return;
    if (offset !== this.#received || this.#isEndReceived) violation('an end in the wrong place');
    this.#isEndReceived = true;
    this.#received += 1;
  }

  get #acknowledgedOffset(): number {
    return this.#replay.acknowledged + (this.#isEndAcknowledged ? 1 : 0);
  }

  #acceptAcknowledgement(offset: number, complaint: string): void {
    if (offset > this.#highestSent) violation(complaint);
    if (offset <= this.#acknowledgedOffset) return;
    this.#replay.acknowledge(Math.min(offset, this.#replay.end));
    this.#isEndAcknowledged = offset > this.#replay.end;
    this.#sent = Math.max(this.#sent, offset);
  }
}
