/** The network between a client and an agent, over which carriers are made, and which a test breaks and mends. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Owner {
  after(release: () => Promise<void>): void;
}

export interface LinkOptions {
  /** How many bytes, both ways together, the next carrier brings before it is cut; never by default. */
  lifetimeBytes?: () => number;
}

export class Link {
  readonly #server: Server;
  readonly #options: LinkOptions;
  readonly #sockets = new Set<Socket>();
  #targetPort = 0;
  #isDown = false;
  /** Carriers that were cut. */
  cuts = 0;
  /** Carriers that were asked for. */
  connections = 0;

  constructor(options: LinkOptions = {}) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
      this.#join(near);
    });
  }

  static async start(owner: Owner, options: LinkOptions = {}): Promise<Link> {
    const link = new Link(options);
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    owner.after(async () => {
      for (const socket of link.#sockets) socket.destroy();
      link.#server.close();
      await once(link.#server, 'close');
    });
    return link;
  }

  /** A connection to `targetPort` of loopback, by way of this link. */
  connect(targetPort: number): Socket {
    this.#targetPort = targetPort;
    const { port } = this.#server.address() as AddressInfo;
    return connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  }

  /** Resets what is open; new connections work. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Resets what is open and what comes, until {@link up}. */
  down(): void {
    this.#isDown = true;
    this.cut();
  }

  up(): void {
    this.#isDown = false;
  }

  /** From now on, what is open brings nothing more, and nobody hears of it. New connections work. */
  silence(): void {
    for (const socket of this.#sockets) socket.pause().removeAllListeners('data');
  }

  #join(near: Socket): void {
    this.connections += 1;
    if (this.#isDown) {
      near.on('error', () => undefined).resetAndDestroy();
      return;
    }
    const far = connect({ port: this.#targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    let remaining = this.#options.lifetimeBytes?.() ?? Infinity;
    const forward = (from: Socket, to: Socket): void => {
      this.#sockets.add(from);
      from
        .on('error', () => undefined)
        .on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      from.on('end', () => to.end());
      from.on('data', (chunk: Buffer) => {
        const part = chunk.subarray(0, remaining);
        remaining -= part.length;
        if (!to.write(part)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
        if (remaining > 0) return;
        this.cuts += 1;
        from.destroy();
        // Lets the last bytes through, in the middle of whatever they are.
        to.end(() => to.destroy());
      });
    };
    forward(near, far);
    forward(far, near);
  }
}
