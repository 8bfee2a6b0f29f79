/** As whom a container's processes run, from `securityContext` and the image. */
import type { V1Container, V1Pod } from '../../../kube/index.ts';
import { ConfigError } from './config-error.ts';
import { quoteWords } from './shell.ts';

export interface Identity {
  user: number;
  group: number;
  supplementalGroups: readonly number[];
  /** Without `CAP_`, lower case, as setpriv names them. */
  capabilities: readonly string[] | 'all';
  isNoNewPrivileges: boolean;
}

/** What containerd gives a container that asks for nothing. */
const defaultCapabilities = [
  'chown',
  'dac_override',
  'fowner',
  'fsetid',
  'kill',
  'setgid',
  'setuid',
  'setpcap',
  'net_bind_service',
  'net_raw',
  'sys_chroot',
  'mknod',
  'audit_write',
  'setfcap',
];

/** @throws {ConfigError} when `runAsNonRoot` is violated. */
export function identityOf(
  pod: V1Pod,
  container: Pick<V1Container, 'name' | 'securityContext'>,
  imageUser = 0,
): Identity {
  const forPod = pod.spec?.securityContext;
  const own = container.securityContext;
  const user = own?.runAsUser ?? forPod?.runAsUser;
  const isNonRoot = own?.runAsNonRoot ?? forPod?.runAsNonRoot ?? false;
  const where = `(pod: "${pod.metadata?.name ?? ''}_${pod.metadata?.namespace ?? ''}(${pod.metadata?.uid ?? ''})", container: ${container.name})`;
  if (isNonRoot && user === 0) throw new ConfigError(`container's runAsUser breaks non-root policy ${where}`);
  if (isNonRoot && user === undefined && imageUser === 0)
    throw new ConfigError(`container has runAsNonRoot and image will run as root ${where}`);
  return {
    user: user ?? imageUser,
    group: own?.runAsGroup ?? forPod?.runAsGroup ?? 0,
    supplementalGroups: [
      ...(forPod?.supplementalGroups ?? []),
      ...(forPod?.fsGroup === undefined ? [] : [forPod.fsGroup]),
    ],
    capabilities:
      own?.privileged === true
        ? 'all'
        : withChanges(own?.capabilities?.add ?? [], own?.capabilities?.drop ?? []),
    isNoNewPrivileges: own?.allowPrivilegeEscalation === false,
  };
}

function withChanges(add: readonly string[], drop: readonly string[]): readonly string[] | 'all' {
  const [added, dropped] = [add.map(toName), drop.map(toName)];
  if (added.includes('all')) return 'all';
  const kept = dropped.includes('all') ? [] : defaultCapabilities.filter((name) => !dropped.includes(name));
  return [...new Set([...kept, ...added])];
}

function toName(capability: string): string {
  return capability.toLowerCase().replace(/^cap_/, '');
}

/**
 * Returns the beginning of a command that becomes this identity and goes on with the rest of it. In a user namespace of
 * an ordinary user only root exists; another user there is a user namespace below it with just this one user, who owns
 * what the container's root owned and has no rights over it.
 */
export function becomeCommand(identity: Identity, isUserNamespace: boolean): string {
  const { user, group, supplementalGroups, capabilities, isNoNewPrivileges } = identity;
  const restrictions = isNoNewPrivileges ? ['--no-new-privs'] : [];
  if (isUserNamespace && user !== 0) {
    const enter = ['unshare', '--user', `--map-user=${user}`, `--map-group=${group}`];
    // Whoever is not root has no capabilities after the next exec.
    return quoteWords(restrictions.length > 0 ? [...enter, 'setpriv', ...restrictions] : enter);
  }
  if (!isUserNamespace && (user !== 0 || group !== 0 || supplementalGroups.length > 0)) {
    restrictions.push('--reuid', String(user), '--regid', String(group));
    if (supplementalGroups.length > 0) restrictions.push('--groups', supplementalGroups.join(','));
    else restrictions.push('--clear-groups');
  }
  if (capabilities !== 'all') {
    const set = ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
    restrictions.push('--inh-caps=-all', '--bounding-set', set);
  }
  return restrictions.length > 0 ? quoteWords(['setpriv', ...restrictions]) : '';
}
