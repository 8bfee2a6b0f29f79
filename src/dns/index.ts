export { createDnsClient, type DnsClient, type DnsTransport } from './client.ts';
export { formatNsswitch, formatResolvConf, zoneOf } from './resolv-conf.ts';
export { createDnsResponder, type DnsResponder } from './responder.ts';
export { serveDnsStream } from './stream.ts';
