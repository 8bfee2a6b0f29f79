/** Developers' laptops behind the tunnels of an agent under test: each has a server of its own. */
import { Agent, createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nullLogger, runInBackground, systemClock } from '../../src/core/index.ts';
import { createTcpDialer, relay } from '../../src/net/index.ts';
import type { Rule } from '../../src/contract/index.ts';
import type { Tunnel } from '../../src/tunnel/index.ts';
import type { AgentUnderTest } from './agent-under-test.ts';

interface Owner {
  after(release: () => Promise<void> | void): void;
}

/** Port of an HTTP server that answers each request with its name and the path: `name /path`. */
export async function startNamedHttp(owner: Owner, name: string): Promise<number> {
  const server = createServer((incoming, response) => {
    incoming.resume();
    incoming.on('end', () => response.end(`${name} ${incoming.url ?? ''}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  owner.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** A laptop that takes what matches `rule` and has `localPort` answer it. */
export async function joinAs(
  owner: Owner,
  agent: AgentUnderTest,
  { name, appPort, localPort, rule }: { name: string; appPort: number; localPort: number; rule?: Rule },
): Promise<Tunnel> {
  const dialer = createTcpDialer({ clock: systemClock });
  const lifetime = new AbortController();
  owner.after(() => {
    lifetime.abort();
  });
  const { signal } = lifetime;
  const tunnel = await agent.connect({
    name,
    onIntercepted: (connection) => {
      const serve = async (): Promise<void> => {
        try {
          const local = await dialer.dial({ host: '127.0.0.1', port: localPort }, { signal });
          await relay(connection.accept(), local, { signal });
        } catch (error) {
          connection.refuse(error);
        }
      };
      runInBackground('a laptop', serve(), nullLogger);
    },
  });
  await tunnel.request({ kind: 'claim', interceptId: name, ports: [{ protocol: 'TCP', appPort }], rule });
  return tunnel;
}

/** Asks for `path` and returns the body. */
export function fetchText(
  port: number,
  path: string,
  { headers = {}, agent }: { headers?: Record<string, string>; agent?: Agent } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers, agent }, (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        resolve(text);
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}
