/**
 * A TCP port of the application that the agent stands in front of. Each new connection goes to the laptop that claims the
 * port, else to the application; also when the laptop does not take it. Connections that are kept alive change sides with
 * the claim, from one request to the next (docs/ARCHITECTURE.md, "An intercepted connection").
 */
import { runInBackground } from '../src/core/index.ts';
import { listen, type Listener } from '../src/net/index.ts';
import { relaySwitching, type SwitchingRelayOptions } from './switching-relay.ts';

export type TakenPortOptions = SwitchingRelayOptions;

export function listenOnTakenPort(options: TakenPortOptions): Promise<Listener> {
  return listen({
    host: '::',
    port: options.port.listenPort,
    onConnection: (client) => {
      runInBackground('connection', relaySwitching(client, options), options.logger);
    },
  });
}
