import type { Clock, Logger } from '../core/index.ts';
import type { DatagramDialer, Dialer } from '../net/index.ts';

/** What the parts of one proxy server share. */
export interface ProxyContext {
  /** Refuses the proxy's own address. */
  dialer: Dialer;
  datagramDialer: DatagramDialer;
  clock: Clock;
  logger: Logger;
  /** Aborts when the server is closed. */
  signal: AbortSignal;
  /** Says whether user name and password are right; absent when nobody is asked for any. */
  authenticate: ((username: Buffer, password: Buffer) => boolean) | undefined;
}
