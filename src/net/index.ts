export type { DatagramDialer, DialOptions, Dialer, UdpAssociation } from './dialer.ts';
export { listen, type ListenOptions, type Listener } from './listen.ts';
export { toListenError, toNetError } from './node-errors.ts';
export { relayDatagrams } from './relay-datagrams.ts';
export { relay, type RelayResult } from './relay.ts';
export { resetSocket } from './reset-socket.ts';
export { createStreamAssociation } from './stream-association.ts';
export { createTcpDialer, type TcpDialerOptions } from './tcp-dialer.ts';
export { createUdpDialer } from './udp-dialer.ts';
