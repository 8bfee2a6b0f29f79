/**
 * The services of the demo's shop, one program: `SHOP_SERVICE` says which. Each answer tells the path that it took. Fields
 * that begin with `x-tp-` are passed on, as an application passes on the fields of its tracing.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';

/** Who asks whom. */
const calls: Readonly<Record<string, readonly string[]>> = {
  web: ['catalog', 'orders'],
  orders: ['catalog'],
};

interface Answer {
  service: string;
  /** Who answered: the name of the pod, or of the machine. */
  by: string;
  calls: Answer[];
}

const LIFE_CHECK_MS = 500;

const service = process.env['SHOP_SERVICE'] ?? 'web';
const by = process.env['SHOP_BY'] ?? hostname();
const port = Number(process.env['PORT'] ?? 8080);
const address = process.env['SHOP_ADDRESS'] ?? '0.0.0.0';

function passedOn(headers: IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(headers).filter(([name]) => name.startsWith('x-tp-'));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

async function ask(name: string, headers: Record<string, string>): Promise<Answer> {
  const response = await fetch(`http://${name}/`, { headers });
  if (!response.ok) throw new Error(`${name} answered ${String(response.status)}`);
  return (await response.json()) as Answer;
}

const server = createServer((request, response) => {
  const answer = async (): Promise<Answer> => {
    const headers = passedOn(request.headers);
    // One after the other, so that the path reads as it was walked.
    const answers: Answer[] = [];
    if (request.url !== '/healthz')
      for (const name of calls[service] ?? []) answers.push(await ask(name, headers));
    return { service, by, calls: answers };
  };
  answer().then(
    (body) => response.setHeader('content-type', 'application/json').end(`${JSON.stringify(body)}\n`),
    (error: unknown) => response.writeHead(502).end(`${String(error)}\n`),
  );
});
server.listen(port, address, () => {
  const { port: bound } = server.address() as AddressInfo;
  process.stdout.write(`${service} listens on ${String(bound)}\n`);
});
// The copy outside the sandbox ends with it: `tp sandbox down` is to end all of the demo.
const folder = process.env['SHOP_LIVES_WITH'];
if (folder !== undefined)
  setInterval(() => {
    if (!existsSync(folder)) process.exit(0);
  }, LIFE_CHECK_MS);
process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
