export { Socks5Negotiation, type Socks5Effect, type Socks5NegotiationOptions } from './negotiation.ts';
export { replies, socksVersion, type Socks5Command, type Socks5Reply } from './registry.ts';
export { encodeReply, toSocks5Reply } from './reply.ts';
export { decodeUdpRequest, encodeUdpRequest, type UdpRequest } from './udp-request.ts';
