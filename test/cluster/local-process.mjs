// The process on the laptop in the tests: answers like the shop's services do, but says that it is the laptop.
// node local-process.mjs PORT [udp]   answers HTTP, and datagrams with "udp"; prints one line for each request.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';

const [port, mode] = process.argv.slice(2);
let stopped = false;

const server = createServer((request, response) => {
  console.log(`${request.method} ${request.url}`);
  const answer = {
    service: 'laptop',
    pod: 'laptop',
    path: ['laptop'],
    environment: process.env.SHOWN ?? null,
  };
  response.setHeader('content-type', 'application/json');
  if (stopped) response.setHeader('connection', 'close');
  response.end(JSON.stringify(answer));
});
server.listen(Number(port), '127.0.0.1', () => console.log('listening'));
if (mode === 'udp') {
  const socket = createSocket('udp4');
  socket.on('message', (message, { port: to, address }) => socket.send(`laptop: ${message}`, to, address));
  socket.bind(Number(port), '127.0.0.1');
}
process.once('SIGTERM', () => {
  stopped = true;
  server.close(() => process.exit(0));
});
