/**
 * The server's side of a SOCKS5 negotiation, from the first byte to the request: bytes in, effects out. It does no I/O
 * and has no clock; `src/proxy-server/socks5-connection.ts` drives it, dials and sends the reply. RFC 1928 (March 1996)
 * §3-§5 and RFC 1929 (March 1996).
 *
 * Longest message: 513 bytes (user name and password). Bytes after the request stay in here until
 * {@link Socks5Negotiation.takeRest}; the driver stops reading when it sees the request.
 */
import type { SocketAddress } from '../../address/index.ts';
import { ByteQueue } from '../../core/index.ts';
import { createError, toToolError, type ToolError } from '../../errors/index.ts';
import { decodeAddress, findAddressSize } from './address.ts';
import {
  authenticationStatuses,
  authenticationVersion,
  commands,
  methods,
  replies,
  socksVersion,
  type Socks5Command,
  type Socks5Reply,
} from './registry.ts';
import { encodeReply } from './reply.ts';

export type Socks5Effect =
  | { kind: 'send'; bytes: Buffer }
  /** The negotiation is over; the driver answers with `encodeReply()`. */
  | { kind: 'request'; command: Socks5Command; destination: SocketAddress }
  /** The negotiation is over; what the client should know has been sent. The driver closes the connection. */
  | { kind: 'fail'; error: ToolError };

export interface Socks5NegotiationOptions {
  /**
   * Says whether the client may go on. With it, user name and password are demanded; without it, no authentication is
   * preferred, and a client that offers nothing but user name and password may give any.
   */
  authenticate?: ((username: Buffer, password: Buffer) => boolean) | undefined;
}

/**
 * Where the negotiation stands: `greeting` → (`authentication` →) `request` → `over`, and from each of them to `over`
 * when the client breaks the protocol or asks for what is not offered.
 */
type State = 'greeting' | 'authentication' | 'request' | 'over';

export class Socks5Negotiation {
  readonly #queue = new ByteQueue();
  readonly #authenticate: Socks5NegotiationOptions['authenticate'];
  #state: State = 'greeting';

  constructor({ authenticate }: Socks5NegotiationOptions = {}) {
    this.#authenticate = authenticate;
  }

  /** Takes the next bytes, which must not change afterwards, and returns what to do, in order. Never throws. */
  receive(chunk: Buffer): Socks5Effect[] {
    this.#queue.push(chunk);
    const effects: Socks5Effect[] = [];
    // Every step that returns something leads to another state, and from the last one there is no step.
    for (let next = this.#step(); next !== undefined; next = this.#step()) effects.push(...next);
    return effects;
  }

  /** Removes and returns the bytes that came after the request: they are for the target. */
  takeRest(): Buffer {
    return this.#queue.readAll();
  }

  /** Handles one message; undefined when it is not complete yet. */
  #step(): Socks5Effect[] | undefined {
    switch (this.#state) {
      case 'greeting':
        return this.#greeting();
      case 'authentication':
        return this.#authentication();
      case 'request':
        return this.#request();
      case 'over':
        return undefined;
    }
  }

  /** VER, NMETHODS, METHODS. @see RFC 1928 §3 */
  #greeting(): Socks5Effect[] | undefined {
    const version = this.#queue.peekByte(0);
    if (version === undefined) return undefined;
    // Another version would not understand an answer of ours.
    if (version !== socksVersion) return this.#violation(`version ${String(version)}, expected 5`);
    const methodCount = this.#queue.peekByte(1);
    if (methodCount === undefined) return undefined;
    const offered = this.#queue.read(2 + methodCount)?.subarray(2);
    if (offered === undefined) return undefined;

    const method = this.#chooseMethod(offered);
    const answer: Socks5Effect = { kind: 'send', bytes: Buffer.from([socksVersion, method]) };
    if (method === methods.noAcceptableMethods) {
      return [answer, ...this.#refuse(`one of the authentication methods [${offered.join(', ')}]`)];
    }
    this.#state = method === methods.usernamePassword ? 'authentication' : 'request';
    return [answer];
  }

  #chooseMethod(offered: Buffer): number {
    if (this.#authenticate === undefined && offered.includes(methods.noAuthentication)) {
      return methods.noAuthentication;
    }
    return offered.includes(methods.usernamePassword)
      ? methods.usernamePassword
      : methods.noAcceptableMethods;
  }

  /** VER, ULEN, UNAME, PLEN, PASSWD; lengths of 0 are let through, since curl sends empty passwords. @see RFC 1929 §2 */
  #authentication(): Socks5Effect[] | undefined {
    const version = this.#queue.peekByte(0);
    if (version === undefined) return undefined;
    if (version !== authenticationVersion) {
      const answer = this.#authenticationStatus(authenticationStatuses.failure);
      return [answer, ...this.#violation(`authentication version ${String(version)}, expected 1`)];
    }
    const usernameSize = this.#queue.peekByte(1);
    if (usernameSize === undefined) return undefined;
    const passwordSize = this.#queue.peekByte(2 + usernameSize);
    if (passwordSize === undefined) return undefined;
    const message = this.#queue.read(3 + usernameSize + passwordSize);
    if (message === undefined) return undefined;

    const username = message.subarray(2, 2 + usernameSize);
    const password = message.subarray(3 + usernameSize);
    if (this.#authenticate?.(username, password) === false) {
      const answer = this.#authenticationStatus(authenticationStatuses.failure);
      return [answer, ...this.#fail(createError('PROXY_AUTHENTICATION_FAILED', {}))];
    }
    this.#state = 'request';
    return [this.#authenticationStatus(authenticationStatuses.success)];
  }

  #authenticationStatus(status: number): Socks5Effect {
    return { kind: 'send', bytes: Buffer.from([authenticationVersion, status]) };
  }

  /** VER, CMD, RSV, ATYP, DST.ADDR, DST.PORT. @see RFC 1928 §4 */
  #request(): Socks5Effect[] | undefined {
    const [version, command, reserved, addressType, next] = [0, 1, 2, 3, 4].map((index) => {
      return this.#queue.peekByte(index);
    });
    if (version === undefined) return undefined;
    if (version !== socksVersion) return this.#violation(`request version ${String(version)}, expected 5`);
    // The shortest request has 8 bytes, so waiting for the fifth delays no answer.
    if (addressType === undefined || next === undefined) return undefined;
    if (reserved !== 0)
      return this.#violation(`reserved byte ${String(reserved)}, expected 0`, replies.generalFailure);
    const addressSize = findAddressSize(addressType, next);
    if (addressSize === undefined) {
      return this.#refuse(`address type ${String(addressType)}`, replies.addressTypeNotSupported);
    }
    const message = this.#queue.read(3 + addressSize);
    if (message === undefined) return undefined;

    if (command !== commands.connect && command !== commands.udpAssociate) {
      return this.#refuse(`command ${String(command)}`, replies.commandNotSupported);
    }
    return this.#accept(command === commands.connect ? 'connect' : 'udpAssociate', message.subarray(3));
  }

  #accept(command: Socks5Command, address: Buffer): Socks5Effect[] {
    try {
      const destination = decodeAddress(address);
      if (command === 'connect' && destination.port === 0) {
        return this.#violation('port 0', replies.generalFailure);
      }
      this.#state = 'over';
      return [{ kind: 'request', command, destination }];
    } catch (error) {
      return this.#fail(toToolError(error), replies.generalFailure);
    }
  }

  #violation(reason: string, reply?: Socks5Reply): Socks5Effect[] {
    return this.#fail(createError('SOCKS_PROTOCOL', { reason }), reply);
  }

  #refuse(what: string, reply?: Socks5Reply): Socks5Effect[] {
    return this.#fail(createError('SOCKS_UNSUPPORTED', { what }), reply);
  }

  #fail(error: ToolError, reply?: Socks5Reply): Socks5Effect[] {
    this.#state = 'over';
    const failure: Socks5Effect = { kind: 'fail', error };
    return reply === undefined ? [failure] : [{ kind: 'send', bytes: encodeReply(reply) }, failure];
  }
}
