/** Takes the backends of one Service port in turn, and keeps clients with theirs where the Service asks for it. */
import type { Backend, ServicePort } from './endpoint-table.ts';

/** Clients that are remembered for one port; the one that was seen longest ago is forgotten first. */
const MAX_CLIENTS = 4096;

export class BackendChoice {
  #port: ServicePort;
  #next = 0;
  readonly #clients = new Map<string, { backend: Backend; untilMs: number }>();

  constructor(port: ServicePort) {
    this.#port = port;
  }

  /** There is at least one backend. */
  update(port: ServicePort): void {
    this.#port = port;
  }

  choose(client: string, nowMs: number): Backend {
    const { backends, affinityMs } = this.#port;
    const before = this.#clients.get(client);
    const kept =
      affinityMs > 0 && before !== undefined && before.untilMs > nowMs
        ? backends.find(
            ({ address, port }) => address === before.backend.address && port === before.backend.port,
          )
        : undefined;
    const backend = kept ?? backends[this.#next++ % backends.length];
    if (backend === undefined) throw new Error('a Service port without backends');
    if (affinityMs > 0) {
      this.#clients.delete(client);
      this.#clients.set(client, { backend, untilMs: nowMs + affinityMs });
      if (this.#clients.size > MAX_CLIENTS) this.#clients.delete([...this.#clients.keys()][0] ?? '');
    }
    return backend;
  }
}
