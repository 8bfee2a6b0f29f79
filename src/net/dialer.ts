/**
 * How everything above opens connections. A target is dialled from this machine (`tcp-dialer.ts`, `udp-dialer.ts`) or
 * from inside the cluster (the tunnel implements the same two interfaces); nobody above can tell the difference.
 */
import type { Duplex } from 'node:stream';
import type { SocketAddress } from '../address/index.ts';

export interface DialOptions {
  /** Ends the attempt; once the connection is open the signal has no more effect on it. */
  signal: AbortSignal;
}

export interface Dialer {
  /**
   * Opens a connection. `target.host` is an IP address or a name, which is resolved where the dialling happens.
   *
   * The stream is open when the promise resolves, has `allowHalfOpen: true`, belongs to the caller and has no listeners.
   *
   * @throws {NET_REFUSED} when nobody listens there
   * @throws {NET_UNREACHABLE} when there is no way to the address, or the resolver gives no answer
   * @throws {NET_TIMEOUT} when nothing answers in time
   * @throws {NET_NAME_NOT_FOUND} when the name does not exist
   * @throws {NET_DENIED} when policy forbids the target
   * @throws {NET_FAILED} for every other reason
   * @throws `signal.reason` when the signal aborts first
   */
  dial(target: SocketAddress, options: DialOptions): Promise<Duplex>;
}

/** Datagrams to and from one target. Delivery is as good as UDP's: none is retried, some get lost. */
export interface UdpAssociation {
  /** Sends one datagram; drops it when the send queue is full or the association is closed. Takes ownership of it. */
  send(datagram: Buffer): void;
  /** Sets who gets each datagram that arrives (an owned copy); datagrams without a listener are dropped. */
  onDatagram(listener: (datagram: Buffer) => void): void;
  /** Idempotent. */
  close(): void;
  /** Resolves when the association is over, for whatever reason; never rejects. */
  readonly closed: Promise<void>;
}

export interface DatagramDialer {
  /**
   * Makes an association with `target`. It has no idle time-out of its own: who uses it closes it.
   *
   * @throws the codes of {@link Dialer.dial}, except NET_REFUSED and NET_TIMEOUT, which UDP cannot know
   */
  associate(target: SocketAddress, options: DialOptions): Promise<UdpAssociation>;
}
