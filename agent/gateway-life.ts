/**
 * A gateway lives as long as somebody uses it. Once no session is left for a while it deletes its own pod, with which
 * Kubernetes collects its ServiceAccount, Role and RoleBinding; without the right to do so it ends, and the next `tp`
 * removes what is left of it.
 */
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import type { Clock, Logger, Timer } from '../src/core/index.ts';
import { describeError } from '../src/core/index.ts';

/** A new gateway waits longer: whoever asked for it is about to come. */
const FIRST_IDLE_MS = 120_000;
/** After the last session. Long enough for a laptop that reconnects. */
const IDLE_MS = 20_000;
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const REQUEST_TIMEOUT_MS = 10_000;

export interface GatewayLife {
  sessionOpened(): void;
  sessionClosed(): void;
}

export function createGatewayLife({ clock, onIdle }: { clock: Clock; onIdle: () => void }): GatewayLife {
  let sessions = 0;
  let idle: Timer = clock.after(FIRST_IDLE_MS, onIdle);
  return {
    sessionOpened(): void {
      sessions += 1;
      idle.cancel();
    },
    sessionClosed(): void {
      sessions -= 1;
      if (sessions === 0) idle = clock.after(IDLE_MS, onIdle);
    },
  };
}

export interface OwnPod {
  namespace: string;
  name: string;
}

/** Asks the API server to delete the pod this runs in. Never rejects: ending by itself is the way out then. */
export async function deleteOwnPod(
  pod: OwnPod,
  environment: Readonly<Record<string, string | undefined>>,
  logger: Logger,
): Promise<void> {
  try {
    const [token, ca] = await Promise.all([
      readFile(`${SERVICE_ACCOUNT}/token`, 'utf8'),
      readFile(`${SERVICE_ACCOUNT}/ca.crt`, 'utf8'),
    ]);
    const status = await new Promise<number>((resolve, reject) => {
      request(
        {
          method: 'DELETE',
          host: environment['KUBERNETES_SERVICE_HOST'],
          port: environment['KUBERNETES_SERVICE_PORT'],
          path: `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}`,
          headers: { authorization: `Bearer ${token}` },
          ca,
          timeout: REQUEST_TIMEOUT_MS,
        },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      )
        .on('error', reject)
        .on('timeout', function (this: { destroy(error: Error): void }) {
          this.destroy(new Error('the API server did not answer'));
        })
        .end();
    });
    logger.info('asked for the deletion of this pod', { status });
  } catch (error) {
    logger.warn('cannot delete this pod', { reason: describeError(error) });
  }
}
