export { DatagramDecoder, encodeDatagram, maximumDatagramBytes } from './datagram-codec.ts';
