export { cidrContains, formatCidr, parseCidr, type Cidr } from './cidr.ts';
export {
  findIpAddress,
  formatIpAddress,
  isLoopback,
  parseIpAddress,
  toIpAddress,
  toUnmapped,
  type IpAddress,
} from './ip-address.ts';
export {
  formatHost,
  formatSocketAddress,
  isHostName,
  parseHost,
  parsePort,
  parseSocketAddress,
  type SocketAddress,
} from './socket-address.ts';
