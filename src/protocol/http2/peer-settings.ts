/** What the other end has set, RFC 9113 §6.5.2; what of it matters to a gateway that uses no dynamic table. */
import { settings, violation } from './frame.ts';

const LARGEST_WINDOW = 2 ** 31 - 1;

export class PeerSettings {
  /** Any have come. */
  isKnown = false;
  /** No bound until it is set, which is what the largest value says. */
  maxConcurrentStreams = 0xffff_ffff;
  initialWindowSize = 65_535;

  /**
   * Takes the payload of a SETTINGS frame, a multiple of 6 bytes.
   * @throws {HTTP_PROTOCOL} for a value that the RFC forbids
   */
  apply(payload: Buffer): void {
    this.isKnown = true;
    for (let offset = 0; offset < payload.length; offset += 6) {
      const value = payload.readUInt32BE(offset + 2);
      switch (payload.readUInt16BE(offset)) {
        case settings.enablePush:
          if (value > 1) violation('PROTOCOL_ERROR', 'ENABLE_PUSH is neither 0 nor 1');
          break;
        case settings.maxConcurrentStreams:
          this.maxConcurrentStreams = value;
          break;
        case settings.initialWindowSize:
          if (value > LARGEST_WINDOW) violation('FLOW_CONTROL_ERROR', 'a window over the limit');
          this.initialWindowSize = value;
          break;
        case settings.maxFrameSize:
          if (value < 2 ** 14 || value >= 2 ** 24)
            violation('PROTOCOL_ERROR', 'MAX_FRAME_SIZE out of its range');
          break;
      }
    }
  }
}
