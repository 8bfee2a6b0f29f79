/** The readiness endpoint: `GET /ready` says 200 once every port listens, 503 before. Nothing else is told. */
import { createServer } from 'node:http';
import { HEALTH_PORT } from '../src/contract/index.ts';
import { listen, type Listener } from '../src/net/index.ts';

export async function listenForHealth(isReady: () => boolean, port: number = HEALTH_PORT): Promise<Listener> {
  const server = createServer((request, response) => {
    const known = request.method === 'GET' && request.url === '/ready';
    response.writeHead(known ? (isReady() ? 200 : 503) : 404, { 'content-length': '0' }).end();
  });
  return listen({ host: '::', port, onConnection: (socket) => server.emit('connection', socket) });
}
