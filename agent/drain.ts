/**
 * The end of the agent's pod. Kubernetes tells all containers at once to end, but callers keep coming until every node has
 * heard of it, and the application may go on serving them (a preStop hook, a graceful shutdown). The agent must not be the
 * first to go: it stays until the application has closed its ports and nothing is open any more. The pod's grace period
 * bounds all of it.
 */
import type { Clock } from '../src/core/index.ts';
import { isToolError } from '../src/errors/index.ts';
import type { AppDialer } from './app-dialer.ts';

/** Endpoints need about a second to reach every node; an intercepted port has to answer as long, application or not. */
export const MINIMUM_DRAIN_MS = 3000;
const CHECK_EVERY_MS = 500;

export interface DrainOptions {
  /** TCP ports of the application. */
  appPorts: readonly number[];
  app: AppDialer;
  openConnections: () => number;
  clock: Clock;
  signal: AbortSignal;
}

/** Resolves when nobody needs the agent any more. */
export async function untilDrained({
  appPorts,
  app,
  openConnections,
  clock,
  signal,
}: DrainOptions): Promise<void> {
  await clock.sleep(MINIMUM_DRAIN_MS, { signal });
  while (openConnections() > 0 || (await isAnyPortOpen(appPorts, app, signal)))
    await clock.sleep(CHECK_EVERY_MS, { signal });
}

async function isAnyPortOpen(
  ports: readonly number[],
  app: AppDialer,
  signal: AbortSignal,
): Promise<boolean> {
  const open = await Promise.all(
    ports.map(async (port) => {
      try {
        (await app.dial(port, { signal })).destroy();
        return true;
      } catch (error) {
        // Anything but a refusal (too busy, say) means that somebody is still there.
        return !isToolError(error, 'NET_REFUSED');
      }
    }),
  );
  return open.includes(true);
}
