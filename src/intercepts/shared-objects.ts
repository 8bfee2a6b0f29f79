/** What all intercepts of a namespace share, the gateway and the certificates: finding it and removing it. */
import { AGENT_SECRET, AUTHORITY_SECRET, GATEWAY } from '../contract/index.ts';
import type { Logger } from '../core/index.ts';
import { isToolError } from '../errors/index.ts';
import { paths, type KubeClient, type KubernetesObject } from '../kube/index.ts';
import { isOurs } from './gateway-objects.ts';
import { removeGateway } from './gateway.ts';

/** The gateway as it is named in results, and among what is spared. */
export const GATEWAY_LABEL = 'pod/tp-gateway';

interface SharedObject {
  /** `secret/tp-ca` */
  label: string;
  path: string;
}

/** What the gateway's pod owns. Kubernetes collects it with the gateway; a crash may have left it without one. */
function belongingsOf(namespace: string): SharedObject[] {
  return [
    { label: `serviceaccount/${GATEWAY}`, path: paths.serviceAccounts(namespace, GATEWAY) },
    { label: `role/${GATEWAY}`, path: paths.roles(namespace, GATEWAY) },
    { label: `rolebinding/${GATEWAY}`, path: paths.roleBindings(namespace, GATEWAY) },
  ];
}

function certificatesOf(namespace: string): SharedObject[] {
  return [
    { label: `secret/${AGENT_SECRET}`, path: paths.secrets(namespace, AGENT_SECRET) },
    { label: `secret/${AUTHORITY_SECRET}`, path: paths.secrets(namespace, AUTHORITY_SECRET) },
  ];
}

export interface SharedOptions {
  namespace: string;
  logger: Logger;
  signal: AbortSignal;
}

/** Labels of what is there and ours; what the user may not read is left out, and the log says so. */
export async function findShared(
  kube: Pick<KubeClient, 'find'>,
  { namespace, logger, signal }: SharedOptions,
): Promise<string[]> {
  const gateway = { label: GATEWAY_LABEL, path: paths.pods(namespace, GATEWAY) };
  const found: string[] = [];
  for (const { label, path } of [gateway, ...belongingsOf(namespace), ...certificatesOf(namespace)])
    await ifAllowed(label, logger, async () => {
      const object = await kube.find<KubernetesObject>(path, { signal });
      // What is on its way out needs nobody's help.
      if (object !== undefined && isOurs(object) && object.metadata?.deletionTimestamp === undefined)
        found.push(label);
    });
  return found;
}

/**
 * Removes it, but for what `spare` needs: a gateway in use keeps what it owns, and as long as anything is in use the
 * certificates stay, without which nobody could come back to it.
 * @returns the labels of the gateway and the Secrets that were removed
 */
export async function removeShared(
  kube: Pick<KubeClient, 'find' | 'delete'>,
  { namespace, spare, logger, signal }: SharedOptions & { spare: ReadonlySet<string> },
): Promise<string[]> {
  const removed: string[] = [];
  const isGatewaySpared = spare.has(GATEWAY_LABEL);
  if (!isGatewaySpared && (await removeGateway(kube, { namespace, signal }))) removed.push(GATEWAY_LABEL);
  const rest = [
    ...(isGatewaySpared ? [] : belongingsOf(namespace)),
    ...(spare.size > 0 ? [] : certificatesOf(namespace)),
  ];
  for (const { label, path } of rest)
    await ifAllowed(label, logger, async () => {
      const object = await kube.find<KubernetesObject>(path, { signal });
      if (object === undefined || !isOurs(object)) return;
      await kube.delete(path, { signal });
      if (label.startsWith('secret/')) removed.push(label);
    });
  return removed;
}

async function ifAllowed(object: string, logger: Logger, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isToolError(error, 'KUBE_FORBIDDEN')) throw error;
    logger.info('not allowed to look at or remove', { object });
  }
}
