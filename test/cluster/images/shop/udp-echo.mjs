// Answers every datagram with the pod's name and what was received.
import dgram from 'node:dgram';
import { hostname } from 'node:os';

const pod = process.env.POD_NAME ?? hostname();
const socket = dgram.createSocket('udp4');
socket.on('message', (message, { port, address }) => socket.send(`${pod} ${message}`, port, address));
socket.bind(Number(process.env.PORT ?? 9000), () => console.log('udp-echo is bound'));
process.on('SIGTERM', () => socket.close());
