// Speaks first, as SMTP and MySQL do: one line at once, then an echo of every line.
import net from 'node:net';
import { hostname } from 'node:os';

const pod = process.env.POD_NAME ?? hostname();
const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.write(`220 ${pod} ready\r\n`);
  socket.pipe(socket);
});
server.listen(Number(process.env.PORT ?? 2525), () => console.log('greeter listens'));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
