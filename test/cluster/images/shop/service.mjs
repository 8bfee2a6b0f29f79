// What the shop's Node services have in common: JSON answers that name the service and the pod, and a graceful end.
import http from 'node:http';
import { hostname } from 'node:os';

// The endpoint controller and kube-proxy need a moment to take a stopping pod out of its Services; until then it
// must go on serving.
const DRAIN_MS = 3_000;

/**
 * Serves `routes` (path to function of request and URL, returning the answer's fields). Every service also answers:
 * `/healthz`; `/headers` (what it received); `/echo` (the body, back as it comes); `/slow?ms=N`; anything else with
 * its own name.
 */
export function serve({ service, port, routes = {} }) {
  const pod = process.env.POD_NAME ?? hostname();
  let draining = false;

  const common = {
    '/healthz': () => ({ ok: true }),
    '/headers': (request) => ({ method: request.method, headers: request.headers }),
    '/slow': async (_request, url) => {
      await new Promise((resolve) => setTimeout(resolve, Number(url.searchParams.get('ms') ?? 1_000)));
      return {};
    },
  };

  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url, 'http://shop');
    // A kept-alive connection must not outlive the drain: its next request would meet a closed socket.
    if (draining) response.setHeader('connection', 'close');
    response.setHeader('x-shop-pod', pod);
    if (url.pathname === '/echo') {
      request.pipe(response);
      return;
    }
    const route = routes[url.pathname] ?? common[url.pathname] ?? (() => ({}));
    try {
      const fields = await route(request, url);
      send(response, 200, { service, pod, path: url.pathname, ...fields });
    } catch (error) {
      send(response, 502, { service, pod, path: url.pathname, error: String(error.cause ?? error) });
    }
  });
  server.keepAliveTimeout = 60_000; // longer than any client here stays idle, so that the client is who closes
  server.listen(port, () => console.log(`${service} listens on ${port}`));

  process.on('SIGTERM', () => {
    draining = true;
    setTimeout(() => {
      server.close(() => process.exit(0));
      server.closeIdleConnections();
    }, DRAIN_MS);
  });
}

function send(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

/** GETs a JSON document from another service. */
export async function get(url) {
  const response = await fetch(url, { headers: { connection: 'close' } });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}
