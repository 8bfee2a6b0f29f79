/**
 * The targets of one SOCKS5 UDP association. Each gets an association of its own with the dialer when the first
 * datagram for it comes, and loses it after 60 s without a datagram in either direction.
 */
import { addAbortListener } from 'node:events';
import { formatSocketAddress, type SocketAddress } from '../address/index.ts';
import { describeError, runInBackground, type Clock, type Logger, type Timer } from '../core/index.ts';
import type { DatagramDialer, UdpAssociation } from '../net/index.ts';
import { maximumUdpTargets, maximumWaitingDatagrams, udpIdleTimeoutMs } from './limits.ts';

export interface UdpTargetsOptions {
  datagramDialer: DatagramDialer;
  clock: Clock;
  logger: Logger;
  /** Gets each datagram that a target sends. */
  onDatagram: (source: SocketAddress, datagram: Buffer) => void;
}

interface Target {
  readonly controller: AbortController;
  /** Undefined while it is dialled. */
  association: UdpAssociation | undefined;
  readonly waiting: Buffer[];
  idleTimer: Timer | undefined;
}

export class UdpTargets {
  readonly #options: UdpTargetsOptions;
  /** By `host:port`, in order of last use: the first was silent longest. */
  readonly #targets = new Map<string, Target>();

  constructor(options: UdpTargetsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#targets.size;
  }

  /** Sends a datagram; drops it when it cannot be sent now or soon. */
  send(destination: SocketAddress, datagram: Buffer): void {
    const key = formatSocketAddress(destination);
    const target = this.#targets.get(key) ?? this.#open(key, destination);
    this.#touch(key, target);
    if (target.association !== undefined) target.association.send(datagram);
    else if (target.waiting.length < maximumWaitingDatagrams) target.waiting.push(datagram);
  }

  /** Closes all targets. */
  close(): void {
    for (const key of [...this.#targets.keys()]) this.#close(key);
  }

  #open(key: string, destination: SocketAddress): Target {
    const [oldest] = this.#targets.keys();
    if (oldest !== undefined && this.#targets.size >= maximumUdpTargets) this.#close(oldest);
    const target: Target = {
      controller: new AbortController(),
      association: undefined,
      waiting: [],
      idleTimer: undefined,
    };
    runInBackground('UDP target', this.#run(key, target, destination), this.#options.logger);
    return target;
  }

  async #run(key: string, target: Target, destination: SocketAddress): Promise<void> {
    const { datagramDialer, logger, onDatagram } = this.#options;
    try {
      const { signal } = target.controller;
      const association = await datagramDialer.associate(destination, { signal });
      addAbortListener(signal, () => association.close());
      association.onDatagram((datagram) => {
        this.#touch(key, target);
        onDatagram(destination, datagram);
      });
      target.association = association;
      for (const datagram of target.waiting.splice(0)) association.send(datagram);
      await association.closed;
    } catch (error) {
      logger.debug('UDP dial failed', { target: key, error: describeError(error) });
    } finally {
      // Not when somebody closed it and another target has taken its place meanwhile.
      if (this.#targets.get(key) === target) this.#close(key);
    }
  }

  /** Notes that `target` is in use: it goes to the end of the order, and its idle time starts again. */
  #touch(key: string, target: Target): void {
    if (target.controller.signal.aborted) return;
    target.idleTimer?.cancel();
    target.idleTimer = this.#options.clock.after(udpIdleTimeoutMs, () => this.#close(key));
    this.#targets.delete(key);
    this.#targets.set(key, target);
  }

  #close(key: string): void {
    const target = this.#targets.get(key);
    this.#targets.delete(key);
    target?.idleTimer?.cancel();
    target?.controller.abort();
  }
}
