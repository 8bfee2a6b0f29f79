/**
 * Message codec of `v4.channel.k8s.io`, the WebSocket subprotocol of the Kubernetes port-forward. It sees whole binary
 * messages; the WebSocket itself and backpressure are `src/kube/port-forward-stream.ts`.
 *
 *     offset  width  field
 *     0       1      channel: 2n carries the data of the n-th port asked for, 2n + 1 its error text (server to client)
 *     1       rest   data
 *
 * The server announces the port on each channel before anything else: two bytes, little-endian. There is no message
 * that ends one direction or one port: the end of a port shows only as the end of the connection.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.20.2/pkg/kubelet/cri/streaming/portforward/websocket.go
 */
import { raise } from '../../errors/index.ts';

/** The subprotocol's name, offered in `Sec-WebSocket-Protocol`. */
export const portForwardProtocol = 'v4.channel.k8s.io';

/** A channel is one byte and a port takes two of them. */
export const maximumPorts = 128;

/**
 * Bytes of data in one message that we send. 64 KiB carried 140 MB/s where small messages are bound by the cost per
 * message; the receiving kubelet buffers a message whole, so larger ones only add latency.
 */
export const maximumDataBytes: number = 64 * 1024;

/** Bytes of error text that are kept of one message; the kubelet sends one sentence. */
export const maximumErrorBytes: number = 4 * 1024;

export type PortForwardEvent =
  /** Both channels of the port are announced: data can be sent. Comes once per port. */
  | { kind: 'open'; portIndex: number }
  /** Bytes from the port; `data` is a view of the message. */
  | { kind: 'data'; portIndex: number; data: Buffer }
  /** Why the port cannot be reached or broke. The connection ends soon after. */
  | { kind: 'error'; portIndex: number; text: string };

/** How much of a channel's announcement has arrived. */
interface Announcement {
  receivedBytes: 0 | 1 | 2;
  port: number;
}

const announcementBytes = 2;

/** Decodes what the server sends on one connection that asked for `ports`. */
export class PortForwardDecoder {
  readonly #ports: readonly number[];
  readonly #announcements: Announcement[];

  /** `ports` in the order of the request, 1 to {@link maximumPorts} of them. */
  constructor(ports: readonly number[]) {
    if (ports.length === 0 || ports.length > maximumPorts) {
      raise('INTERNAL', { reason: `port-forward of ${ports.length} ports` });
    }
    this.#ports = ports;
    this.#announcements = ports.flatMap(() => [newAnnouncement(), newAnnouncement()]);
  }

  /**
   * Decodes one binary message; the events hold views of it. Messages without data mean nothing and give no event.
   * @throws CHANNEL_PROTOCOL when the channel was not asked for or announces another port
   */
  receive(message: Buffer): PortForwardEvent[] {
    const channel = message[0];
    if (channel === undefined) return [];
    const announcement = this.#announcements[channel];
    if (announcement === undefined) raise('CHANNEL_PROTOCOL', { reason: `message on channel ${channel}` });
    const events: PortForwardEvent[] = [];
    let offset = 1;
    if (announcement.receivedBytes < announcementBytes) {
      offset += readAnnouncement(announcement, message.subarray(1));
      if (announcement.receivedBytes === announcementBytes) this.#checkAnnouncement(channel, events);
    }
    if (offset < message.length) events.push(toEvent(channel, message.subarray(offset)));
    return events;
  }

  #checkAnnouncement(channel: number, events: PortForwardEvent[]): void {
    const portIndex = channel >> 1;
    const announced = this.#announcements[channel]?.port;
    const expected = this.#ports[portIndex];
    if (announced !== expected) {
      const reason = `channel ${channel} announces port ${String(announced)} instead of ${String(expected)}`;
      raise('CHANNEL_PROTOCOL', { reason });
    }
    const other = this.#announcements[channel ^ 1];
    if (other?.receivedBytes === announcementBytes) events.push({ kind: 'open', portIndex });
  }
}

function newAnnouncement(): Announcement {
  return { receivedBytes: 0, port: 0 };
}

/** Takes what is missing of the announcement from `bytes`; returns how many bytes it took. */
function readAnnouncement(announcement: Announcement, bytes: Buffer): number {
  let taken = 0;
  for (const byte of bytes.subarray(0, announcementBytes - announcement.receivedBytes)) {
    announcement.port |= byte << (8 * announcement.receivedBytes);
    announcement.receivedBytes = announcement.receivedBytes === 0 ? 1 : 2;
    taken += 1;
  }
  return taken;
}

function toEvent(channel: number, data: Buffer): PortForwardEvent {
  const portIndex = channel >> 1;
  if ((channel & 1) === 0) return { kind: 'data', portIndex, data };
  return { kind: 'error', portIndex, text: data.toString('utf8', 0, maximumErrorBytes) };
}

/**
 * Packs `chunks` into as few messages as possible, each with at most {@link maximumDataBytes} of data. The messages
 * are owned copies: the channel byte must stand in the same WebSocket frame as the data, because the servers take each
 * frame for a message (golang.org/x/net/websocket does not join fragments).
 */
export function encodeDataMessages(portIndex: number, chunks: readonly Buffer[]): Buffer[] {
  let remainingBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const messages: Buffer[] = [];
  let message = Buffer.alloc(0);
  let offset = 0;
  for (const chunk of chunks) {
    for (let start = 0; start < chunk.length;) {
      if (offset === message.length) {
        message = Buffer.allocUnsafe(1 + Math.min(remainingBytes, maximumDataBytes));
        message[0] = portIndex * 2;
        offset = 1;
        messages.push(message);
      }
      const copiedBytes = chunk.copy(message, offset, start);
      start += copiedBytes;
      offset += copiedBytes;
      remainingBytes -= copiedBytes;
    }
  }
  return messages;
}
