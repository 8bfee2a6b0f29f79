/** Numbers of SOCKS version 5. @see RFC 1928 §3, §4, §5, §6; RFC 1929 §2 */

export const socksVersion = 5;

/** METHOD: how the client proves who it is. */
export const methods = {
  noAuthentication: 0x00,
  usernamePassword: 0x02,
  noAcceptableMethods: 0xff,
} as const;

/** CMD: what the client asks for. BIND (0x02) is not offered: nothing in a cluster connects back by SOCKS. */
export const commands = {
  connect: 0x01,
  udpAssociate: 0x03,
} as const;

export type Socks5Command = keyof typeof commands;

/** ATYP: what kind of address follows. */
export const addressTypes = {
  ipv4: 0x01,
  domainName: 0x03,
  ipv6: 0x04,
} as const;

/** REP: the answer to a request. */
export const replies = {
  succeeded: 0x00,
  generalFailure: 0x01,
  notAllowed: 0x02,
  networkUnreachable: 0x03,
  hostUnreachable: 0x04,
  connectionRefused: 0x05,
  ttlExpired: 0x06,
  commandNotSupported: 0x07,
  addressTypeNotSupported: 0x08,
} as const;

export type Socks5Reply = (typeof replies)[keyof typeof replies];

/** VER of the user name/password subnegotiation. */
export const authenticationVersion = 1;

/** STATUS of that subnegotiation; any value but 0 means failure. */
export const authenticationStatuses = { success: 0x00, failure: 0x01 } as const;
