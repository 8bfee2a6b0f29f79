/** Reaches the application in the agent's own pod. */
import type { Duplex } from 'node:stream';
import { isToolError } from '../src/errors/index.ts';
import type { Dialer } from '../src/net/index.ts';

export interface AppDialer {
  /** @throws NET_REFUSED when the application listens on neither address, or what the dialer throws */
  dial(port: number, options: { signal: AbortSignal }): Promise<Duplex>;
}

/**
 * Tries the loopback address first, where nearly every application listens, then the pod's own address. Neither passes
 * the redirect of `nftables`, which holds only for what comes from outside the pod.
 */
export function createAppDialer({ dialer, podIp }: { dialer: Dialer; podIp: string }): AppDialer {
  return {
    async dial(port, { signal }): Promise<Duplex> {
      try {
        return await dialer.dial({ host: '127.0.0.1', port }, { signal });
      } catch (error) {
        if (podIp === '' || !isToolError(error, 'NET_REFUSED')) throw error;
        return dialer.dial({ host: podIp, port }, { signal });
      }
    },
  };
}
